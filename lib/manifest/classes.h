/* The classes of a manifest: the distinct values of its label column, numbered.
 *
 * Class numbers follow the byte order of the names (that is Python's sorted() for UTF-8 and the
 * order of torchvision's ImageFolder) unless a list fixes them: classes.txt beside the manifest, or
 * the list that a model was trained with. Only with a list can a class be empty.
 *
 *     g_autoptr(TsClasses) classes = ts_classes_new(manifest, "label", error);
 *     if (classes == NULL)
 *         return FALSE;
 *     printf("row 0 is of class %s\n", classes->names[classes->of_row[0]]);
 */
#pragma once

#include "manifest/manifest.h"

G_BEGIN_DECLS

typedef struct {
    guint n;
    char **names;    /* n names, unescaped, NULL-terminated */
    gint32 *of_row;  /* one per row of the manifest, -1: unlabelled (\N) */
    guint64 *counts; /* rows of each class */
    guint64 n_unlabelled;
} TsClasses;

/* Number the values of `column`. Where that is "label" and the manifest has a class list, as
 * ts_classes_new_with() does. TS_ERROR_FORMAT if there is no such column or a label is empty. */
TsClasses *ts_classes_new(const TsManifest *manifest, const char *column, GError **error);

/* Number the values of `column` as `names` (NULL-terminated, copied) does. A label that is not
 * among them is an error (TS_ERROR_FORMAT) that names the row. */
TsClasses *
ts_classes_new_with(const TsManifest *manifest, const char *column, char **names, GError **error);

/* The number of the class `name`, -1 if there is none. */
int ts_classes_find(const TsClasses *classes, const char *name);

/* Take the class of all rows that are not of the split `name` (NULL: train), and count anew.
 * Without a column split, and with `name` NULL, nothing changes. TS_ERROR_FORMAT if no row is of
 * it. */
gboolean ts_classes_keep_split(TsClasses *classes, const TsManifest *manifest, const char *name,
                               GError **error);

/* NULL is allowed. */
void ts_classes_free(TsClasses *classes);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsClasses, ts_classes_free)

G_END_DECLS
