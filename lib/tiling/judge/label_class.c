/* Classes by value and by name. */
#include "tiling/judge/label_class.h"

#include "base/error.h"

#include <stdlib.h>
#include <string.h>

typedef struct {
    guint32 value;
    guint class; /* in `list` */
} Value;

static void
class_clear(gpointer data)
{
    g_free(((TsLabelClass *) data)->name);
}

TsLabelClasses *
ts_label_classes_new(void)
{
    TsLabelClasses *classes = g_new0(TsLabelClasses, 1);
    classes->list = g_array_new(FALSE, TRUE, sizeof(TsLabelClass));
    classes->values = g_array_new(FALSE, TRUE, sizeof(Value));
    g_array_set_clear_func(classes->list, class_clear);
    return classes;
}

void
ts_label_classes_free(TsLabelClasses *classes)
{
    if (classes == NULL)
        return;
    g_array_unref(classes->list);
    g_array_unref(classes->values);
    g_free(classes->file);
    g_free(classes);
}

guint
ts_label_classes_n(const TsLabelClasses *classes)
{
    return classes->list->len;
}

const TsLabelClass *
ts_label_classes_get(const TsLabelClasses *classes, guint i)
{
    return &g_array_index(classes->list, TsLabelClass, i);
}

static int
find_name(const TsLabelClasses *classes, const char *name)
{
    for (guint i = 0; i < classes->list->len; i++)
        if (strcmp(ts_label_classes_get(classes, i)->name, name) == 0)
            return (int) i;
    return -1;
}

void
ts_label_classes_add_named(TsLabelClasses *classes, guint32 value, const char *name)
{
    for (guint i = 0; i < classes->values->len; i++)
        if (g_array_index(classes->values, Value, i).value == value)
            return;
    int class = find_name(classes, name);
    if (class < 0) {
        TsLabelClass made = {.value = value, .name = g_strdup(name)};
        class = (int) classes->list->len;
        g_array_append_val(classes->list, made);
    }
    TsLabelClass *known = &g_array_index(classes->list, TsLabelClass, class);
    known->value = MIN(known->value, value);
    Value entry = {value, (guint) class};
    g_array_append_val(classes->values, entry);
}

void
ts_label_classes_add(TsLabelClasses *classes, guint32 value)
{
    g_autofree char *name =
        classes->colours ? g_strdup_printf("#%06x", value) : g_strdup_printf("%u", value);
    ts_label_classes_add_named(classes, value, name);
}

static int
compare_values(const void *a, const void *b)
{
    guint32 x = ((const Value *) a)->value, y = ((const Value *) b)->value;
    return (x > y) - (x < y);
}

static int
compare_classes(const void *a, const void *b)
{
    guint32 x = ((const TsLabelClass *) a)->value, y = ((const TsLabelClass *) b)->value;
    return (x > y) - (x < y);
}

/* Classes move, so values are told by the lowest value of theirs. */
void
ts_label_classes_finish(TsLabelClasses *classes)
{
    g_autofree guint32 *lowest = g_new(guint32, classes->list->len + 1);
    g_autofree guint *place = g_new(guint, classes->list->len + 1);
    guint n = classes->list->len;
    for (guint i = 0; i < n; i++)
        lowest[i] = ts_label_classes_get(classes, i)->value;
    g_array_sort(classes->list, compare_classes);
    for (guint i = 0; i < n; i++)
        for (guint k = 0; k < n; k++)
            if (ts_label_classes_get(classes, k)->value == lowest[i])
                place[i] = k;
    for (guint i = 0; i < classes->values->len; i++) {
        Value *value = &g_array_index(classes->values, Value, i);
        value->class = place[value->class];
    }
    g_array_sort(classes->values, compare_values);
}

int
ts_label_classes_of(const TsLabelClasses *classes, guint32 value)
{
    if (classes->values->len == 0)
        return -1;
    Value key = {.value = value};
    const Value *found =
        bsearch(&key, classes->values->data, classes->values->len, sizeof key, compare_values);
    return found != NULL ? (int) found->class : -1;
}

gboolean
ts_label_value_parse(const char *text, guint32 *value, gboolean *is_colour)
{
    guint64 number = 0;
    *is_colour = text[0] == '#';
    gboolean ok = *is_colour
                      ? strlen(text) == 7 &&
                            g_ascii_string_to_unsigned(text + 1, 16, 0, 0xffffff, &number, NULL)
                      : g_ascii_string_to_unsigned(text, 10, 0, G_MAXUINT32 - 1, &number, NULL);
    *value = (guint32) number;
    return ok;
}

int
ts_label_classes_find(const TsLabelClasses *classes, const char *text)
{
    guint32 value;
    gboolean is_colour;
    int class = find_name(classes, text);
    if (class >= 0 || !ts_label_value_parse(text, &value, &is_colour))
        return class;
    return is_colour == classes->colours ? ts_label_classes_of(classes, value) : -1;
}

char *
ts_label_classes_names(const TsLabelClasses *classes)
{
    GString *all = g_string_new(NULL);
    for (guint i = 0; i < ts_label_classes_n(classes); i++)
        g_string_append_printf(all, "%s%s", i > 0 ? ", " : "",
                               ts_label_classes_get(classes, i)->name);
    return g_string_free(all, FALSE);
}

static gboolean
read_line(TsLabelClasses *classes, char *line, guint number, GError **error)
{
    gsize at = strcspn(line, " \t");
    guint32 value;
    gboolean is_colour;
    const char *name = line[at] != '\0' ? g_strstrip(line + at) : "";
    g_autofree char *first = g_strndup(line, at);
    if (name[0] == '\0' || !ts_label_value_parse(first, &value, &is_colour))
        return ts_error_set(error, TS_ERROR_FORMAT,
                            "%s:%u: expected a value (a whole number or #rrggbb) and a name",
                            classes->file, number);
    if (classes->values->len > 0 && is_colour != classes->colours)
        return ts_error_set(error, TS_ERROR_FORMAT, "%s:%u: colours and numbers do not go together",
                            classes->file, number);
    guint n = classes->values->len;
    classes->colours = is_colour;
    ts_label_classes_add_named(classes, value, name);
    if (classes->values->len == n)
        return ts_error_set(error, TS_ERROR_FORMAT, "%s:%u: '%s' stands there twice", classes->file,
                            number, first);
    if (n == TS_MAX_LABEL_CLASSES)
        return ts_error_set(error, TS_ERROR_FORMAT, "%s:%u: more than %d classes", classes->file,
                            number, (int) TS_MAX_LABEL_CLASSES);
    return TRUE;
}

TsLabelClasses *
ts_label_classes_read(const char *path, GError **error)
{
    g_autofree char *text = NULL;
    g_autoptr(GError) reason = NULL;
    g_autoptr(TsLabelClasses) classes = ts_label_classes_new();
    if (!g_file_get_contents(path, &text, NULL, &reason)) {
        ts_error_set(error, TS_ERROR_IO, "%s", reason->message);
        return NULL;
    }
    if (!g_utf8_validate(text, -1, NULL)) {
        ts_error_set(error, TS_ERROR_FORMAT, "%s: is not UTF-8 text", path);
        return NULL;
    }
    classes->file = g_strdup(path);
    classes->is_closed = TRUE;
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (guint i = 0; lines[i] != NULL; i++)
        if (g_strstrip(lines[i])[0] != '\0' && !read_line(classes, lines[i], i + 1, error))
            return NULL;
    if (ts_label_classes_n(classes) == 0) {
        ts_error_set(error, TS_ERROR_FORMAT, "%s: no class, expected lines of a value and a name",
                     path);
        return NULL;
    }
    ts_label_classes_finish(classes);
    return g_steal_pointer(&classes);
}
