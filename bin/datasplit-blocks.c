/* datasplit --blocks: where the rows lie in their pictures, and the gap between splits. */
#include "balance/split/split_blocks.h"
#include "base/error.h"
#include "base/log.h"
#include "base/number.h"
#include "datasplit.h"

gboolean
split_blocks_new(SplitJob *job, GError **error)
{
    const SplitOptions *o = &split_options;
    int width, height;
    if (o->blocks == NULL)
        return o->gap == 0 && !o->drop_gap
                   ? TRUE
                   : ts_error_set(error, TS_ERROR_ARGUMENT, "--gap and --drop-gap need --blocks");
    if (!ts_parse_size(o->blocks, "--blocks", &width, &height, error))
        return FALSE;
    job->blocks = ts_blocks_new(width, height, o->gap);
    return TRUE;
}

typedef struct {
    const char *picture;
    guint region[4]; /* columns of x, y, width, height */
} RegionColumns;

/* Rows of tile files say where they were cut, rows of regions where they are. */
static gboolean
find_columns(const TsManifest *manifest, RegionColumns *columns, GError **error)
{
    static const char *const names[2][4] = {{"x", "y", "width", "height"},
                                            {"src_x", "src_y", "src_width", "src_height"}};
    gboolean is_cut = ts_manifest_find_column(manifest, "source") >= 0 &&
                      ts_manifest_find_column(manifest, "src_x") >= 0;
    columns->picture = is_cut ? "source" : "file_name";
    for (guint i = 0; i < 4; i++)
        if (!ts_manifest_require_column(manifest, names[is_cut][i], &columns->region[i], error)) {
            g_prefix_error(error, "--blocks: ");
            return FALSE;
        }
    return TRUE;
}

static gboolean
add_row(SplitJob *job, guint64 i, const RegionColumns *columns, gint32 picture, gint32 *block,
        GError **error)
{
    gint64 region[4];
    g_autoptr(GError) reason = NULL;
    gboolean known = picture >= 0;
    for (guint k = 0; k < 4; k++)
        known = known &&
                ts_cell_to_int(ts_manifest_cell(job->manifest, job->rows[i], columns->region[k]),
                               &region[k]);
    if (known && ts_blocks_add(job->blocks, picture, region[0], region[1], region[2], region[3],
                               block, &reason))
        return TRUE;
    g_autofree char *where = ts_manifest_where(job->manifest, job->rows[i]);
    return ts_error_set(error, TS_ERROR_FORMAT, "%s: --blocks: %s", where,
                        known ? reason->message : "a picture and a region of it were expected");
}

gboolean
split_blocks_add_rows(SplitJob *job, gint32 *block_of_row, GError **error)
{
    RegionColumns columns;
    if (!find_columns(job->manifest, &columns, error))
        return FALSE;
    g_autoptr(TsClasses) pictures = ts_classes_new(job->manifest, columns.picture, error);
    if (pictures == NULL)
        return FALSE;
    for (guint64 i = 0; i < job->n; i++)
        if (!add_row(job, i, &columns, pictures->of_row[job->rows[i]], &block_of_row[i], error))
            return FALSE;
    return TRUE;
}

void
split_blocks_guard(SplitJob *job)
{
    for (guint r = 0; r < job->n_repeats; r++) {
        guint64 n_across, n_near;
        ts_blocks_guard(job->blocks, job->part_of_row[r], &n_across, &n_near);
        ts_info("%u blocks; %s %" G_GUINT64_FORMAT " rows across a border and %" G_GUINT64_FORMAT
                " in the gap",
                ts_blocks_n(job->blocks),
                split_options.drop_gap ? "left out:" : "in no split:", n_across, n_near);
    }
}
