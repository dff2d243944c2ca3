/* The feature space of a data set: where neighbours are looked for.
 *
 *   pixels      the pictures themselves, rendered by lib/sample; all of one size and kind
 *   pca[:K]     the first K principal components (50) of the pixels, or of the columns where rows
 *               are no pictures
 *   columns     columns of the table that hold numbers: the ones named, or all of them
 *   FILE.npy    an array with one line for each row of the table: embeddings
 *
 * Columns are taken by themselves if every value in them is a number and they say nothing about
 * the file, the split or the weight of the row. A value that is missing, NaN or infinite is an
 * error that names row and column: what is near to it is not defined. Constant columns add
 * nothing to any distance and need no care.
 *
 * Arrays of floats are mapped, and read as far as they are looked at. Features that are made of
 * something else, and take more memory than their share, lie in a file too (base/memory.h).
 *
 *     TsSpaceOptions how = {.space = "pca:20"};
 *     g_autoptr(TsSpace) space = ts_space_new(manifest, rows, n_rows, &how, error);
 *     if (space == NULL)
 *         return FALSE;
 *     near = ts_neighbours_new(&space->points, NULL, 0, NULL, 0, 5, error);
 */
#pragma once

#include "balance/space/points.h"
#include "base/memory.h"
#include "manifest/classes.h"
#include "manifest/manifest.h"
#include "store/npy.h"

G_BEGIN_DECLS

typedef struct {
    const char *space;   /* NULL: pixels if there is a column file_name, else columns */
    const char *columns; /* names with commas between them; NULL: all that hold numbers */
    const char *label;   /* column of the classes, which is no feature; NULL: label */
    const char *nominal; /* names of columns that are categories, no features; NULL: none */
} TsSpaceOptions;

typedef struct {
    TsPoints points;  /* point i is rows[i]; all values finite */
    guint *columns;   /* (d), numbers of the columns of the table; NULL for other spaces */
    TsScratch values; /* what `points` borrows, or nothing */
    TsNpy *file;      /* likewise */
} TsSpace;

/* Say whether `text` is the name of a space, and that --columns goes with it. TS_ERROR_ARGUMENT. */
gboolean ts_space_check(const TsSpaceOptions *how, GError **error);

/* The columns that may be categories: those of how->nominal, else those that could be features but
 * are not among `features` (NULL: no space), in order. Free with g_array_unref(); of guint.
 * TS_ERROR_FORMAT for a column that there is not. */
GArray *ts_space_find_nominal(const TsManifest *manifest, const TsSpaceOptions *how,
                              const TsSpace *features, GError **error);

/* Read the features of `rows` (n_rows numbers; NULL: all) of `manifest`. TS_ERROR_FORMAT for
 * features that are not there, of different sizes or not finite, with the row; errors of reading
 * pictures and arrays; TS_ERROR_NO_MEMORY, TS_ERROR_INTERRUPTED. */
TsSpace *ts_space_new(const TsManifest *manifest, const guint64 *rows, guint64 n_rows,
                      const TsSpaceOptions *how, GError **error);

/* Read a table of features, (n, d), from an .npy file: f32 and f64 are borrowed from it, integers
 * of up to 16 bits become f32, longer ones f64. TS_ERROR_FORMAT for another rank or for values
 * that are not finite. */
TsSpace *ts_space_read_npy(const char *path, GError **error);

/* The same for the rows of an array: FILE.npy, pca[:K], or columns:LIST, columns of the array
 * counted from 0, such as columns:0-15,20. TS_ERROR_ARGUMENT. */
gboolean ts_space_check_array(const char *text, GError **error);

/* The space `text` of the rows of an array, `points`, called `name` in messages. TS_ERROR_ARGUMENT
 * for a column that there is not, TS_ERROR_FORMAT for a file of another number of lines, errors of
 * ts_space_read_npy() and ts_pca_project(). */
TsSpace *
ts_space_new_of_array(const TsPoints *points, const char *name, const char *text, GError **error);

/* Read the classes of `n` rows from an .npy file of whole numbers; classes are in the order of the
 * numbers, and named by them. TS_ERROR_FORMAT for another shape or for n that does not fit. */
TsClasses *ts_space_read_labels(const char *path, gsize n, GError **error);

/* NULL is allowed. */
void ts_space_free(TsSpace *space);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsSpace, ts_space_free)

G_END_DECLS
