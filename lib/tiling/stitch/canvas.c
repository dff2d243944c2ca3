/* Rows of a manifest as pieces of a canvas. */
#include "tiling/stitch/canvas.h"

#include "base/error.h"
#include "base/interrupt.h"
#include "image/image.h"
#include "tiling/stitch/sweep.h"

#include <math.h>
#include <string.h>

/* The columns that say where a row's pixels are from, -1: absent. */
typedef struct {
    int source;
    int x, y, width, height;                            /* in the source */
    int source_width, source_height;                    /* of the whole source */
    int pad_left, pad_top;                              /* of the tile, before its real pixels */
    int scale, grid_x, grid_y, grid_width, grid_height; /* of the canvas, if it is scaled */
    int scaled_width, scaled_height;                    /* of the real pixels there */
    int size;                                           /* of one pass with several */
} Columns;

static gboolean
find_columns(const TsManifest *manifest, Columns *columns, GError **error)
{
    *columns = (Columns){
        .source = ts_manifest_find_column(manifest, "source"),
        .x = ts_manifest_find_column(manifest, "src_x"),
        .y = ts_manifest_find_column(manifest, "src_y"),
        .width = ts_manifest_find_column(manifest, "src_width"),
        .height = ts_manifest_find_column(manifest, "src_height"),
        .source_width = ts_manifest_find_column(manifest, "source_width"),
        .source_height = ts_manifest_find_column(manifest, "source_height"),
        .pad_left = ts_manifest_find_column(manifest, "pad_left"),
        .pad_top = ts_manifest_find_column(manifest, "pad_top"),
        .scale = ts_manifest_find_column(manifest, "scale"),
        .grid_x = ts_manifest_find_column(manifest, "grid_x"),
        .grid_y = ts_manifest_find_column(manifest, "grid_y"),
        .grid_width = ts_manifest_find_column(manifest, "grid_width"),
        .grid_height = ts_manifest_find_column(manifest, "grid_height"),
        .scaled_width = ts_manifest_find_column(manifest, "scaled_width"),
        .scaled_height = ts_manifest_find_column(manifest, "scaled_height"),
        .size = ts_manifest_find_column(manifest, "size"),
    };
    if (columns->source < 0 || columns->x < 0) {
        columns->source = ts_manifest_find_column(manifest, "file_name");
        columns->x = ts_manifest_find_column(manifest, "x");
        columns->y = ts_manifest_find_column(manifest, "y");
        columns->width = ts_manifest_find_column(manifest, "width");
        columns->height = ts_manifest_find_column(manifest, "height");
    }
    if (MIN(MIN(MIN(columns->x, columns->y), MIN(columns->width, columns->height)),
            columns->source) < 0)
        return ts_error_set(error, TS_ERROR_FORMAT,
                            "%s: says not where its rows lie; either the columns source, src_x, "
                            "src_y, src_width and src_height (tile -o) or file_name, x, y, width "
                            "and height (tile --virtual) were expected",
                            ts_manifest_name(manifest));
    return TRUE;
}

static gboolean bad_row(const TsManifest *manifest, guint64 row, GError **error, const char *format,
                        ...) G_GNUC_PRINTF(4, 5);

/* Set an error with the row in front; always FALSE. */
static gboolean
bad_row(const TsManifest *manifest, guint64 row, GError **error, const char *format, ...)
{
    g_autofree char *where = ts_manifest_where(manifest, row);
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    return ts_error_set(error, TS_ERROR_FORMAT, "%s: %s", where, text);
}

/* The whole number in `column`, `otherwise` where there is no such column. */
static gboolean
read_int(const TsManifest *manifest, guint64 row, int column, int least, int otherwise, int *value,
         GError **error)
{
    gint64 number = otherwise;
    if (column >= 0) {
        TsCell cell = ts_manifest_cell(manifest, row, (guint) column);
        if (!ts_cell_to_int(cell, &number) || number < least || number > G_MAXINT)
            return bad_row(manifest, row, error,
                           "%s is '%.*s', a whole number of %d or more was expected",
                           ts_manifest_column_name(manifest, (guint) column),
                           (int) MIN(cell.length, 200), cell.text, least);
    }
    *value = (int) number;
    return TRUE;
}

static gboolean
read_scale(const TsManifest *manifest, guint64 row, const Columns *columns, double *scale,
           GError **error)
{
    *scale = 1;
    if (columns->scale < 0)
        return TRUE;
    TsCell cell = ts_manifest_cell(manifest, row, (guint) columns->scale);
    if (ts_cell_to_double(cell, scale) && *scale > 0)
        return TRUE;
    return bad_row(manifest, row, error, "scale is '%.*s', a number above 0 was expected",
                   (int) MIN(cell.length, 200), cell.text);
}

/* Pixels of the canvas that `length` ones of the source are, at most `room`. */
static int
scaled(int length, double scale, int room)
{
    return (int) CLAMP(rint(length * scale), 1, MAX(room, 1));
}

/* Read a piece, and the canvas that the row claims to be on (0: it does not say). */
static gboolean
read_piece(const TsManifest *manifest, guint64 row, const Columns *columns, TsPiece *piece,
           int canvas[2], double *scale, GError **error)
{
    gboolean on_grid = columns->grid_x >= 0;
    *piece = (TsPiece){.row = row};
    if (!read_int(manifest, row, on_grid ? columns->grid_x : columns->x, 0, 0, &piece->x, error) ||
        !read_int(manifest, row, on_grid ? columns->grid_y : columns->y, 0, 0, &piece->y, error) ||
        !read_int(manifest, row, columns->width, 1, 0, &piece->width, error) ||
        !read_int(manifest, row, columns->height, 1, 0, &piece->height, error) ||
        !read_int(manifest, row, columns->pad_left, 0, 0, &piece->left, error) ||
        !read_int(manifest, row, columns->pad_top, 0, 0, &piece->top, error) ||
        !read_int(manifest, row, on_grid ? columns->grid_width : columns->source_width, 1, 0,
                  &canvas[0], error) ||
        !read_int(manifest, row, on_grid ? columns->grid_height : columns->source_height, 1, 0,
                  &canvas[1], error) ||
        !read_scale(manifest, row, columns, scale, error))
        return FALSE;
    gboolean sized = on_grid && columns->scaled_width >= 0 && columns->scaled_height >= 0;
    if (sized && (!read_int(manifest, row, columns->scaled_width, 1, 0, &piece->width, error) ||
                  !read_int(manifest, row, columns->scaled_height, 1, 0, &piece->height, error)))
        return FALSE;
    if (on_grid && !sized) {
        piece->width = scaled(piece->width, *scale, canvas[0] - piece->x);
        piece->height = scaled(piece->height, *scale, canvas[1] - piece->y);
    }
    if (piece->left > G_MAXINT - piece->width || piece->top > G_MAXINT - piece->height)
        return bad_row(manifest, row, error, "padding and width or height are too large");
    piece->tile_width = piece->left + piece->width;
    piece->tile_height = piece->top + piece->height;
    return TRUE;
}

char **
ts_canvas_list_sources(const TsManifest *manifest, GError **error)
{
    Columns columns;
    if (!find_columns(manifest, &columns, error))
        return NULL;
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, NULL);
    g_autoptr(GStrvBuilder) names = g_strv_builder_new();
    g_autoptr(GPtrArray) kept = g_ptr_array_new_with_free_func(g_free);
    TsCell before = {0};
    for (guint64 row = 0; row < ts_manifest_n_rows(manifest); row++) {
        TsCell cell = ts_manifest_cell(manifest, row, (guint) columns.source);
        if (row > 0 && ts_cell_same(cell, before))
            continue;
        before = cell;
        char *name = ts_cell_unescape(cell);
        if (name == NULL) {
            bad_row(manifest, row, error, "%s is missing, the image it is from was expected",
                    ts_manifest_column_name(manifest, (guint) columns.source));
            return NULL;
        }
        g_ptr_array_add(kept, name);
        if (g_hash_table_add(seen, name))
            g_strv_builder_add(names, name);
    }
    return g_strv_builder_end(names);
}

/* The canvas as the first row says; all others have to agree. */
static gboolean
check_canvas(const TsManifest *manifest, guint64 row, TsCanvas *self, const int canvas[2],
             double scale, GError **error)
{
    if (self->n == 0) {
        self->width = canvas[0];
        self->height = canvas[1];
        self->scale = scale;
    }
    if (self->width == canvas[0] && self->height == canvas[1] && self->scale == scale)
        return TRUE;
    return bad_row(manifest, row, error,
                   "is of an image of %d x %d pixels, others before it of one of %d x %d; were two "
                   "manifests put together?",
                   canvas[0], canvas[1], self->width, self->height);
}

static gboolean
check_size(const TsManifest *manifest, guint64 row, int column, TsCell *first, GError **error)
{
    if (column < 0)
        return TRUE;
    TsCell cell = ts_manifest_cell(manifest, row, (guint) column);
    if (first->text == NULL)
        *first = cell;
    if (ts_cell_same(cell, *first))
        return TRUE;
    return bad_row(manifest, row, error,
                   "size is %.*s, others before it are %.*s; choose one size, for instance: awk "
                   "-F'\\t' 'NR == 1 || $%d == \"%.*s\"'",
                   (int) cell.length, cell.text, (int) first->length, first->text, column + 1,
                   (int) first->length, first->text);
}

static gboolean
read_rows(TsCanvas *self, const TsManifest *manifest, const Columns *columns, const char *source,
          GError **error)
{
    TsCell size = {0};
    for (guint64 row = 0; row < ts_manifest_n_rows(manifest); row++) {
        TsPiece *piece = &self->pieces[self->n];
        TsCell cell = ts_manifest_cell(manifest, row, (guint) columns->source);
        int canvas[2] = {0, 0};
        double scale = 1;
        if (source != NULL && !ts_cell_equal(cell, source))
            continue;
        if (!read_piece(manifest, row, columns, piece, canvas, &scale, error) ||
            !check_canvas(manifest, row, self, canvas, scale, error) ||
            !check_size(manifest, row, columns->size, &size, error))
            return FALSE;
        if (self->source == NULL)
            self->source = ts_manifest_resolve(manifest, cell);
        self->tile_width = MAX(self->tile_width, piece->tile_width);
        self->tile_height = MAX(self->tile_height, piece->tile_height);
        self->n++;
    }
    if (self->n > 0)
        return TRUE;
    if (source != NULL)
        return ts_error_set(error, TS_ERROR_FORMAT, "%s: no row is of %s",
                            ts_manifest_name(manifest), source);
    return ts_error_set(error, TS_ERROR_FORMAT, "%s: has no rows", ts_manifest_name(manifest));
}

/* The size that was asked for, else the one that the rows claim, else the image's. */
static gboolean
choose_canvas(TsCanvas *self, int width, int height, GError **error)
{
    if (width > 0) {
        self->width = width;
        self->height = height;
    }
    if (self->width > 0 && self->height > 0)
        return TRUE;
    g_autoptr(TsImageSource) image = ts_image_source_open(self->source, error);
    if (image == NULL) {
        g_prefix_error(error, "the manifest does not say how large the image was (columns "
                              "source_width and source_height; or give --size): ");
        return FALSE;
    }
    self->width = ts_image_source_info(image)->width;
    self->height = ts_image_source_info(image)->height;
    return TRUE;
}

static gint
compare_pieces(gconstpointer a, gconstpointer b)
{
    const TsPiece *one = a, *two = b;
    if (one->y != two->y)
        return one->y < two->y ? -1 : 1;
    if (one->x != two->x)
        return one->x < two->x ? -1 : 1;
    return (one->row > two->row) - (one->row < two->row);
}

/* How large each tile may be: only at the right and lower border, or up to the size of a whole
 * tile, is there padding behind its pixels. */
static void
set_limits(TsCanvas *self)
{
    for (guint64 i = 0; i < self->n; i++) {
        TsPiece *piece = &self->pieces[i];
        gboolean at_right = piece->x + piece->width == self->width;
        gboolean at_bottom = piece->y + piece->height == self->height;
        piece->max_width = at_right ? G_MAXINT : self->tile_width;
        piece->max_height = at_bottom ? G_MAXINT : self->tile_height;
    }
}

static gboolean
check_inside(const TsCanvas *self, const TsManifest *manifest, GError **error)
{
    for (guint64 i = 0; i < self->n; i++) {
        const TsPiece *piece = &self->pieces[i];
        if (piece->width > self->width || piece->x > self->width - piece->width ||
            piece->height > self->height || piece->y > self->height - piece->height)
            return bad_row(manifest, piece->row, error,
                           "%d x %d pixels at %d,%d are not inside of the image of %d x %d",
                           piece->width, piece->height, piece->x, piece->y, self->width,
                           self->height);
    }
    return TRUE;
}

TsCanvas *
ts_canvas_new(const TsManifest *manifest, const char *source, int width, int height, GError **error)
{
    Columns columns;
    g_autoptr(TsCanvas) self = g_new0(TsCanvas, 1);
    if (!find_columns(manifest, &columns, error))
        return NULL;
    self->pieces = ts_try_alloc(MAX(ts_manifest_n_rows(manifest), 1), sizeof *self->pieces,
                                "places of tiles", error);
    if (self->pieces == NULL || !read_rows(self, manifest, &columns, source, error) ||
        !choose_canvas(self, width, height, error) || !check_inside(self, manifest, error))
        return NULL;
    set_limits(self);
    qsort(self->pieces, self->n, sizeof *self->pieces, compare_pieces);
    return g_steal_pointer(&self);
}

void
ts_canvas_free(TsCanvas *self)
{
    if (self == NULL)
        return;
    g_free(self->source);
    g_free(self->pieces);
    g_free(self);
}

gboolean
ts_canvas_check_distinct(const TsCanvas *self, const TsManifest *manifest, GError **error)
{
    for (guint64 i = 1; i < self->n; i++) {
        const TsPiece *one = &self->pieces[i - 1], *two = &self->pieces[i];
        if (one->x != two->x || one->y != two->y || one->width != two->width ||
            one->height != two->height)
            continue;
        g_autofree char *where = ts_manifest_where(manifest, one->row);
        return bad_row(manifest, two->row, error,
                       "puts a tile at %d,%d, as %s does; were two manifests put together? "
                       "--merge says what becomes of both",
                       two->x, two->y, where);
    }
    return TRUE;
}

static gint
compare_ints(gconstpointer a, gconstpointer b)
{
    int one = *(const int *) a, two = *(const int *) b;
    return (one > two) - (one < two);
}

/* Half of what neighbours among tiles of `size` at `n` origins share; the origins are sorted on the
 * way. */
static int
half_of_overlap(int size, int *origins, guint64 n)
{
    gint64 longest = 0; /* padding may put origins far to the left */
    qsort(origins, n, sizeof *origins, compare_ints);
    for (guint64 i = 1; i < n; i++)
        longest = MAX(longest, (gint64) origins[i] - origins[i - 1]);
    return longest == 0 ? 0 : (int) (MAX(size - longest, 0) / 2);
}

void
ts_canvas_compute_margin(const TsCanvas *self, int *across, int *down)
{
    g_autofree int *origins = g_new(int, self->n);
    for (guint64 i = 0; i < self->n; i++)
        origins[i] = self->pieces[i].x - self->pieces[i].left;
    *across = half_of_overlap(self->tile_width, origins, self->n);
    for (guint64 i = 0; i < self->n; i++)
        origins[i] = self->pieces[i].y - self->pieces[i].top;
    *down = half_of_overlap(self->tile_height, origins, self->n);
}

/* Shorten one side of a piece, which begins at `*from` of the canvas and `*skip` of the tile. */
static gboolean
crop_axis(int *from, int *length, int *skip, int margin, int canvas)
{
    int before = *from > 0 ? margin : 0, after = *from + *length < canvas ? margin : 0;
    if (before + after >= *length)
        return FALSE;
    *from += before;
    *skip += before;
    *length -= before + after;
    return TRUE;
}

gboolean
ts_canvas_crop(TsCanvas *self, int across, int down, GError **error)
{
    guint64 kept = 0;
    for (guint64 i = 0; i < self->n; i++) {
        TsPiece piece = self->pieces[i];
        if (crop_axis(&piece.x, &piece.width, &piece.left, across, self->width) &&
            crop_axis(&piece.y, &piece.height, &piece.top, down, self->height))
            self->pieces[kept++] = piece;
    }
    if (kept == 0)
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "--window: a margin of %d x %d leaves nothing of tiles of %d x %d",
                            across, down, self->tile_width, self->tile_height);
    self->n = kept;
    qsort(self->pieces, self->n, sizeof *self->pieces, compare_pieces);
    return TRUE;
}

gboolean
ts_canvas_find_holes(const TsCanvas *self, TsHoles *holes, GError **error)
{
    g_auto(TsSweep) sweep;
    ts_sweep_init(&sweep, self, G_MAXINT);
    *holes = (TsHoles){0};
    while (ts_sweep_next(&sweep)) {
        if (ts_interrupt_check(error))
            return FALSE;
        for (guint i = 0; i < sweep.patches->len; i++) {
            const TsPatch *patch = &g_array_index(sweep.patches, TsPatch, i);
            holes->most = MAX(holes->most, patch->n);
            if (patch->n > 0)
                continue;
            if (holes->n_pixels == 0) {
                holes->x = patch->x;
                holes->y = sweep.y;
                holes->width = patch->width;
                holes->height = sweep.height;
            }
            holes->n_pixels += (guint64) patch->width * (guint64) sweep.height;
        }
    }
    return TRUE;
}
