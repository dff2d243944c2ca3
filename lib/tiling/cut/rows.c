/* Rows of manifests as text. */
#include "tiling/cut/rows.h"

#include "base/number.h"
#include "manifest/cell.h"
#include "manifest/folder.h"
#include "sample/payload.h"

#include <string.h>

struct _TsRows {
    const TsCut *cut;
    char **sources; /* of the inputs, escaped, as seen from the manifest's folder */
    char **masks;   /* the same, for rows alone: (input, layer) */
    guint n_layers;
    guint n_masks;  /* the layers, and what is painted */
    int carried[3]; /* columns of the dataset that come along */
    guint n_carried;
    gboolean has_raw, has_pads, has_sizes, has_scale, has_orientation;
};

static char *
seen_from(const TsRebase *rebase, const char *path)
{
    GString *moved = g_string_new(NULL);
    g_autofree char *escaped = ts_escape(path);
    ts_rebase_append(rebase, moved, (TsCell){escaped, strlen(escaped)});
    return g_string_free(moved, FALSE);
}

static gboolean
any_pads_before(const TsPlan *plan)
{
    for (guint i = 0; i < plan->options.n_sizes; i++)
        if (plan->options.sizes[i].edge == TS_EDGE_PAD && plan->options.sizes[i].centred)
            return TRUE;
    return FALSE;
}

static gboolean
judge_has(const TsJudge *judge, const char *column)
{
    return judge != NULL && g_strv_contains(ts_judge_columns(judge), column);
}

/* What is true of a region is true of its tiles, unless the judge knows better. */
static void
choose_carried(TsRows *self)
{
    static const char *const names[] = {"label", "split", "group"};
    for (guint i = 0; self->cut->dataset != NULL && i < G_N_ELEMENTS(names); i++) {
        int column = ts_manifest_find_column(self->cut->dataset, names[i]);
        if (column >= 0 && !judge_has(self->cut->judge, names[i]))
            self->carried[self->n_carried++] = column;
    }
}

static void
append_carried(const TsRows *self, GString *line, guint64 row)
{
    for (guint i = 0; i < self->n_carried; i++) {
        TsCell cell = ts_manifest_cell(self->cut->dataset, row, (guint) self->carried[i]);
        g_string_append_c(line, '\t');
        g_string_append_len(line, cell.text, (gssize) cell.length);
    }
}

TsRows *
ts_rows_new(const TsCut *cut, const char *folder)
{
    TsRows *self = g_new0(TsRows, 1);
    guint n = cut->plan->inputs->len;
    TsRebase rebase;
    ts_rebase_init(&rebase, ".", folder);
    self->cut = cut;
    self->n_layers = cut->judge != NULL ? ts_judge_n_layers(cut->judge) : 0;
    gboolean paints = cut->judge != NULL && ts_judge_painted_column(cut->judge) != NULL;
    self->n_masks = self->n_layers + (paints ? 1 : 0);
    choose_carried(self);
    self->has_raw = cut->names != NULL && strcmp(ts_names_suffix(cut->names), ".raw") == 0;
    self->has_pads = any_pads_before(cut->plan);
    for (guint i = 0; i < n; i++) {
        const TsPlanInput *input = ts_plan_get_input(cut->plan, i);
        self->has_scale |= ts_plan_input_is_resized(input);
        self->has_orientation |= input->info.orientation > 1;
    }
    self->has_sizes = cut->plan->options.n_sizes > 1;
    self->sources = g_new0(char *, n + 1);
    self->masks = g_new0(char *, n * self->n_layers + 1);
    for (guint i = 0; i < n; i++) {
        self->sources[i] = seen_from(&rebase, ts_plan_get_input(cut->plan, i)->path);
        for (guint k = 0; k < self->n_layers; k++)
            self->masks[i * self->n_layers + k] =
                seen_from(&rebase, ts_judge_layer_path(cut->judge, k, i));
    }
    ts_rebase_clear(&rebase);
    return self;
}

void
ts_rows_free(TsRows *self)
{
    if (self == NULL)
        return;
    g_strfreev(self->sources);
    g_strfreev(self->masks);
    g_free(self);
}

/* Columns of masks, for which a tar's manifest has no word, and of the judge. */
static void
append_judged_names(const TsRows *self, GString *line, gboolean with_masks)
{
    const TsJudge *judge = self->cut->judge;
    for (guint i = 0; with_masks && i < self->n_masks; i++)
        g_string_append_printf(line, "\t%s",
                               i < self->n_layers ? ts_judge_layer_column(judge, i)
                                                  : ts_judge_painted_column(judge));
    const char *const *columns = judge != NULL ? ts_judge_columns(judge) : NULL;
    for (; columns != NULL && *columns != NULL; columns++) {
        g_autofree char *escaped = ts_escape(*columns);
        g_string_append_printf(line, "\t%s", escaped);
    }
}

char *
ts_rows_header(const TsRows *self)
{
    GString *line = g_string_new("file_name");
    if (self->cut->kind == TS_CUT_TAR)
        g_string_append(line, "\toffset\tlength");
    if (self->cut->kind == TS_CUT_ROWS)
        g_string_append(line, "\tx\ty\twidth\theight\trow\tcol");
    else
        g_string_append(line, "\tsource\tsrc_x\tsrc_y\tsrc_width\tsrc_height\trow\tcol"
                              "\tsource_width\tsource_height");
    if (self->has_raw)
        g_string_append(line, "\traw");
    if (self->has_pads)
        g_string_append(line, "\tpad_left\tpad_top");
    if (self->has_scale)
        g_string_append(line, "\tscale\tgrid_x\tgrid_y\tgrid_width\tgrid_height"
                              "\tscaled_width\tscaled_height");
    if (self->has_sizes)
        g_string_append(line, "\tsize");
    if (self->has_orientation)
        g_string_append(line, "\torientation");
    for (guint i = 0; i < self->n_carried; i++)
        g_string_append_printf(
            line, "\t%s", ts_manifest_column_name(self->cut->dataset, (guint) self->carried[i]));
    append_judged_names(self, line, self->cut->kind != TS_CUT_TAR);
    g_string_append_c(line, '\n');
    return g_string_free(line, FALSE);
}

char *
ts_rows_rejects_header(const TsRows *self)
{
    GString *line = g_string_new("file_name\tx\ty\twidth\theight\treason");
    append_judged_names(self, line, FALSE);
    g_string_append_c(line, '\n');
    return g_string_free(line, FALSE);
}

static void
append_values(GString *line, const TsVerdict *verdict)
{
    for (guint i = 0; verdict != NULL && i < verdict->n_values; i++) {
        g_string_append_c(line, '\t');
        if (verdict->values[i] == NULL)
            g_string_append(line, "\\N");
        else
            ts_escape_append(line, verdict->values[i], strlen(verdict->values[i]));
    }
}

static void
append_masks(const TsRows *self, GString *line, const TsPlanTile *tile, char *const *masks)
{
    for (guint i = 0; i < self->n_masks && self->cut->kind != TS_CUT_TAR; i++) {
        g_string_append_c(line, '\t');
        if (masks != NULL)
            ts_escape_append(line, masks[i], strlen(masks[i]));
        else
            g_string_append(line, self->masks[tile->input * self->n_layers + i]);
    }
}

/* Where the tile lies on the level, or the scaled image, that it is from, and its size there. */
static void
append_scale(GString *line, const TsPlanInput *input, const TsTile *tile)
{
    char scale[TS_NUMBER_MAX];
    ts_format_double(scale, (double) input->info.width / input->width);
    g_string_append_printf(line, "\t%s\t%d\t%d\t%d\t%d\t%d\t%d", scale, tile->x, tile->y,
                           input->info.width, input->info.height, tile->width, tile->height);
}

/* What bare samples do not say themselves. */
static void
append_raw(GString *line, const TsPlanInput *input, const TsTile *tile)
{
    const TsRaw raw = {tile->full_width, tile->full_height, input->info.bands, input->info.type};
    g_autofree char *text = ts_raw_format(&raw);
    g_string_append_printf(line, "\t%s", text);
}

char *
ts_rows_format(const TsRows *self, const TsPlanTile *tile, char *const *masks,
               const TsVerdict *verdict)
{
    const TsTile *t = &tile->tile;
    const TsPlanInput *input = ts_plan_get_input(self->cut->plan, tile->input);
    GString *line = g_string_sized_new(128);
    g_string_append_printf(line, "%s%s", self->cut->kind != TS_CUT_ROWS ? "\t" : "",
                           self->sources[tile->input]);
    const TsRegion at = ts_plan_input_to_image(input, t->x, t->y, t->width, t->height);
    g_string_append_printf(line, "\t%d\t%d\t%d\t%d\t%" G_GUINT64_FORMAT "\t%" G_GUINT64_FORMAT,
                           at.x, at.y, at.width, at.height, t->row, t->column);
    if (self->cut->kind != TS_CUT_ROWS)
        g_string_append_printf(line, "\t%d\t%d", input->width, input->height);
    if (self->has_raw)
        append_raw(line, input, t);
    if (self->has_pads)
        g_string_append_printf(line, "\t%d\t%d", t->pad_left, t->pad_top);
    if (self->has_scale)
        append_scale(line, input, t);
    if (self->has_sizes) {
        const TsGridOptions *size = &self->cut->plan->options.sizes[tile->size];
        g_string_append_printf(line, "\t%dx%d", size->tile_width, size->tile_height);
    }
    if (self->has_orientation)
        g_string_append_printf(line, "\t%d", MAX(input->info.orientation, 1));
    append_carried(self, line, tile->row);
    append_masks(self, line, tile, masks);
    append_values(line, verdict);
    g_string_append_c(line, '\n');
    return g_string_free(line, FALSE);
}

char *
ts_rows_format_reject(const TsRows *self, const TsPlanTile *tile, const TsVerdict *verdict)
{
    const TsTile *t = &tile->tile;
    const TsPlanInput *input = ts_plan_get_input(self->cut->plan, tile->input);
    const TsRegion at = ts_plan_input_to_image(input, t->x, t->y, t->width, t->height);
    g_autofree char *reason = ts_escape(verdict->reason);
    GString *line = g_string_sized_new(128);
    g_string_append_printf(line, "%s\t%d\t%d\t%d\t%d\t%s", self->sources[tile->input], at.x, at.y,
                           at.width, at.height, reason);
    append_values(line, verdict);
    g_string_append_c(line, '\n');
    return g_string_free(line, FALSE);
}
