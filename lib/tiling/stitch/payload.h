/* What is put back in the place of each tile: its file, an array's part, a class, numbers.
 *
 * All payloads of one kind have one kind of pixels (bands, type, opacity), known from the start. A
 * class or a row of numbers is one pixel that stands for the whole tile. A payload may be asked
 * from several threads.
 *
 *     g_autoptr(TsPayload) payload = ts_payload_new_images(manifest, "file_name", first_row,
 * error); TsShown shown = {0}; if (payload == NULL || !ts_payload_show(payload, piece, &shown,
 * error)) return FALSE; use(shown.data + y * shown.row_step + x * shown.pixel_step);
 *     ts_shown_clear(&shown);
 */
#pragma once

#include "image/image.h"
#include "tiling/stitch/canvas.h"

G_BEGIN_DECLS

typedef struct _TsPayload TsPayload;

/* The pixels of one tile, from its top left; both steps are 0 where one pixel stands for all. */
typedef struct {
    const guint8 *data;
    gsize row_step, pixel_step;
    TsImage *image; /* holds the data */
} TsShown;

/* The files that `column` names: images, or .npy arrays of (H, W), (H, W, C) or (C). Rows that are
 * regions, parts of archives or mixtures are rendered as ts_sample_render() does, if the column is
 * file_name. `row` tells the kind of pixels. */
TsPayload *
ts_payload_new_images(const TsManifest *manifest, const char *column, guint64 row, GError **error);

/* The class number of each row's `column`: 8 bits, 16 with more than 255 classes. Classes are
 * numbered as ts_classes_new() does; `names` (NULL-terminated) fixes them, if it is not NULL. */
TsPayload *ts_payload_new_classes(const TsManifest *manifest, const char *column, char **names,
                                  GError **error);

/* The numbers in `columns` (NULL-terminated), a float band each. */
TsPayload *ts_payload_new_numbers(const TsManifest *manifest, char **columns, GError **error);

/* The part of the array in `path` whose first axis is the manifest's rows: (N), (N, C), (N, H, W)
 * or (N, H, W, C). */
TsPayload *ts_payload_new_array(const TsManifest *manifest, const char *path, GError **error);

/* NULL is allowed. */
void ts_payload_free(TsPayload *payload);

/* An image of one pixel with the kind of all; borrowed. */
const TsImage *ts_payload_kind(const TsPayload *payload);

/* The names of the classes or columns, NULL-terminated; NULL where there are none. Borrowed. */
char **ts_payload_names(const TsPayload *payload);

/* Get the pixels of a piece. Errors of reading, or TS_ERROR_FORMAT where they are not of the kind
 * or the size that was said; the row stands in front. */
gboolean ts_payload_show(TsPayload *payload, const TsPiece *piece, TsShown *shown, GError **error);

void ts_shown_clear(TsShown *shown);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsPayload, ts_payload_free)

G_END_DECLS
