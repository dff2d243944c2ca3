/* The classes of label images: which values of pixels they are, and their names.
 *
 * A value is a sample of a one-band integer image, or 0xrrggbb of an 8-bit RGB one. Several values
 * may have one name: they are one class, numbered by the lowest. Classes are in order of that.
 * Names come from a file, which then lists all values there may be, or are the values as text.
 *
 *     g_autoptr(TsLabelClasses) classes = ts_label_classes_new();
 *     ts_label_classes_add(classes, 3);
 *     ts_label_classes_finish(classes);
 *     guint class = ts_label_classes_of(classes, 3);
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* More are no classes, but perhaps the numbers of objects. */
enum { TS_MAX_LABEL_CLASSES = 1024 };

typedef struct {
    guint32 value; /* the lowest */
    char *name;
    gboolean ignored; /* no data */
} TsLabelClass;

typedef struct {
    GArray *list;       /* TsLabelClass */
    GArray *values;     /* of all classes, with their class; sorted */
    gboolean is_closed; /* there are no others, by `file` */
    gboolean colours;   /* values are colours */
    char *file;
} TsLabelClasses;

TsLabelClasses *ts_label_classes_new(void);

/* Read lines of "VALUE NAME", where VALUE is a whole number or #rrggbb; empty lines are passed
 * over. TS_ERROR_IO, TS_ERROR_FORMAT with the line. */
TsLabelClasses *ts_label_classes_read(const char *path, GError **error);

/* NULL is allowed. */
void ts_label_classes_free(TsLabelClasses *classes);

/* Add a value, named after itself, or a name for it. Nothing if it is there already. */
void ts_label_classes_add(TsLabelClasses *classes, guint32 value);
void ts_label_classes_add_named(TsLabelClasses *classes, guint32 value, const char *name);

/* Sort; values may be looked up after it. */
void ts_label_classes_finish(TsLabelClasses *classes);

guint ts_label_classes_n(const TsLabelClasses *classes);
const TsLabelClass *ts_label_classes_get(const TsLabelClasses *classes, guint i);

/* The class of a value, -1 if there is none. */
int ts_label_classes_of(const TsLabelClasses *classes, guint32 value);

/* The class that `text` names, by name, else by value; -1 if there is none. */
int ts_label_classes_find(const TsLabelClasses *classes, const char *text);

/* Read a value as users write it: a whole number or #rrggbb. */
gboolean ts_label_value_parse(const char *text, guint32 *value, gboolean *is_colour);

/* All names with commas between, for messages. Free with g_free(). */
char *ts_label_classes_names(const TsLabelClasses *classes);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsLabelClasses, ts_label_classes_free)

G_END_DECLS
