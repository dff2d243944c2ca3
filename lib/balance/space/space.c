/* Which feature space, and its values. */
#include "balance/space/space_private.h"

#include "balance/space/pca.h"
#include "base/error.h"
#include "base/number.h"

#include <string.h>

enum { COMPONENTS = 50, MAX_COMPONENTS = 65536 };

typedef enum { PIXELS, COLUMNS, ARRAY } Base;

typedef struct {
    Base base;
    guint n_components; /* 0: no principal components */
} Choice;

static gboolean
parse_space(const TsSpaceOptions *how, gboolean has_pictures, Choice *choice, GError **error)
{
    const char *text = how->space;
    *choice = (Choice){.base = has_pictures && how->columns == NULL ? PIXELS : COLUMNS};
    if (text == NULL)
        return TRUE;
    if (g_str_has_suffix(text, ".npy")) {
        choice->base = ARRAY;
    } else if (strcmp(text, "pixels") == 0 || strcmp(text, "columns") == 0) {
        choice->base = text[0] == 'p' ? PIXELS : COLUMNS;
    } else if (g_str_has_prefix(text, "pca") && (text[3] == '\0' || text[3] == ':')) {
        gint64 n = COMPONENTS;
        if (text[3] == ':' && !ts_parse_int(text + 4, 1, MAX_COMPONENTS, "--space pca", &n, error))
            return FALSE;
        choice->n_components = (guint) n;
    } else {
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "--space: '%s' is not pixels, pca, pca:K, columns or a FILE.npy", text);
    }
    if (how->columns != NULL && choice->base != COLUMNS)
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "--columns is about a table's columns, --space %s takes others", text);
    return TRUE;
}

gboolean
ts_space_check(const TsSpaceOptions *how, GError **error)
{
    Choice choice;
    return parse_space(how, TRUE, &choice, error);
}

static gboolean
read_base(const TsSpaceSource *source, Base base, TsSpace *space, GError **error)
{
    switch (base) {
    case PIXELS:
        return ts_space_read_pixels(source, space, error);
    case COLUMNS:
        return ts_space_read_columns(source, space, error);
    default:
        return ts_space_read_rows_of_npy(source, space, error);
    }
}

/* Components take the place of what they are made of. */
static gboolean
replace_by_components(TsSpace *space, guint n_components, GError **error)
{
    guint n = (guint) MIN(n_components, MIN(space->points.n, space->points.d));
    double *values = ts_pca_project(&space->points, n, error);
    if (values == NULL)
        return FALSE;
    ts_scratch_clear(&space->values);
    g_clear_pointer(&space->columns, g_free);
    space->values.data = values;
    space->points = (TsPoints){.n = space->points.n, .d = n, .f64 = values};
    return TRUE;
}

TsSpace *
ts_space_new(const TsManifest *manifest, const guint64 *rows, guint64 n_rows,
             const TsSpaceOptions *how, GError **error)
{
    Choice choice;
    gboolean has_pictures = ts_manifest_find_column(manifest, "file_name") >= 0;
    if (!parse_space(how, has_pictures, &choice, error))
        return NULL;
    TsSpaceSource source = {.manifest = manifest,
                            .rows = rows,
                            .n = rows != NULL ? n_rows : ts_manifest_n_rows(manifest),
                            .how = how};
    if (source.n == 0 || source.n > G_MAXUINT32) {
        ts_error_set(error, source.n == 0 ? TS_ERROR_FORMAT : TS_ERROR_RANGE,
                     "%s: %s rows to take features of", ts_manifest_name(manifest),
                     source.n == 0 ? "no" : "too many");
        return NULL;
    }
    g_autoptr(TsSpace) space = g_new0(TsSpace, 1);
    if (!read_base(&source, choice.base, space, error) ||
        (choice.n_components > 0 && !replace_by_components(space, choice.n_components, error)))
        return NULL;
    return g_steal_pointer(&space);
}

void
ts_space_free(TsSpace *space)
{
    if (space == NULL)
        return;
    g_free(space->columns);
    ts_scratch_clear(&space->values);
    ts_npy_free(space->file);
    g_free(space);
}
