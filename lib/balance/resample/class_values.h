/* Classes named in an option: "cat,dog", and values for them: "cat=500,dog=20%,*=100".
 *
 * A backslash takes the next character of a name as it is, so that names may hold commas, equals
 * signs and backslashes. The name * stands for all classes that are not named.
 *
 *     g_autoptr(GPtrArray) values = ts_class_values_parse("cat=5,*=1", names, counts, n, error);
 *     if (values == NULL)
 *         return FALSE;
 *     text = values->pdata[c]; // NULL: nothing was said of class c
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Read "CLASS=VALUE,...". Returns the text of each of the n classes, NULL where there is none; the
 * value of * goes to classes with counts[c] > 0 only. Free with g_ptr_array_unref().
 * TS_ERROR_ARGUMENT for what cannot be read, unknown classes and classes that are there twice. */
GPtrArray *ts_class_values_parse(const char *text, char *const *names, const guint64 *counts,
                                 guint n, GError **error);

/* Read "CLASS,...": listed[c] becomes TRUE for those named. Errors as above. */
gboolean ts_class_list_parse(const char *text, char *const *names, guint n, gboolean *listed,
                             GError **error);

G_END_DECLS
