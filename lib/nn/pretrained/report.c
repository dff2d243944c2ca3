/* The loading report: its rows, its judgement, its forms. */
#include "nn/pretrained/items.h"

#include "base/error.h"

#include <string.h>

static const char *const status_names[TS_LOAD_N] = {
    [TS_LOAD_MATCHED] = "matched", [TS_LOAD_RENAMED] = "renamed", [TS_LOAD_ADAPTED] = "adapted",
    [TS_LOAD_FRESH] = "fresh",     [TS_LOAD_IGNORED] = "ignored", [TS_LOAD_MISSING] = "missing",
    [TS_LOAD_UNUSED] = "unused",   [TS_LOAD_SHAPE] = "shape",     [TS_LOAD_DAMAGED] = "damaged",
};

static void
free_item(gpointer data)
{
    TsLoadItem *item = data;
    g_free(item->parameter);
    g_free(item->tensor);
    g_free(item->shape);
    g_free(item->file_shape);
    g_free(item);
}

TsLoadReport *
ts_load_report_new(const TsWeightFile *file, const char *architecture)
{
    TsLoadReport *self = g_new0(TsLoadReport, 1);
    self->source = g_strdup(ts_weight_file_path(file));
    self->format = g_strdup(ts_weight_file_format(file));
    self->sha256 = ts_weight_file_compute_sha256(file);
    self->architecture = g_strdup(architecture);
    self->prefix = g_strdup("");
    self->items = g_ptr_array_new_with_free_func(free_item);
    return self;
}

void
ts_load_report_free(TsLoadReport *self)
{
    if (self == NULL)
        return;
    g_ptr_array_unref(self->items);
    g_free(self->prefix);
    g_free(self->architecture);
    g_free(self->sha256);
    g_free(self->format);
    g_free(self->source);
    g_free(self);
}

static char *
shape_text(guint rank, const gint64 *shape)
{
    GString *text = g_string_new(rank == 0 ? "1" : NULL);
    for (guint d = 0; d < rank; d++)
        g_string_append_printf(text, "%s%" G_GINT64_FORMAT, d > 0 ? "x" : "", shape[d]);
    return g_string_free(text, FALSE);
}

void
ts_load_report_add_item(TsLoadReport *self, TsLoadStatus status, const TsParamSpec *spec,
                        const TsTensor *tensor, const char *cause)
{
    TsLoadItem *item = g_new0(TsLoadItem, 1);
    item->status = status;
    item->parameter = spec != NULL ? g_strdup(spec->name) : NULL;
    item->shape = spec != NULL ? shape_text(spec->rank, spec->shape) : NULL;
    item->tensor = tensor != NULL ? g_strdup(tensor->name) : NULL;
    item->file_shape = tensor != NULL ? shape_text(tensor->rank, tensor->shape) : NULL;
    item->cause = cause;
    g_ptr_array_add(self->items, item);
    self->n[status]++;
}

/* ---- judgement ---- */

static const TsLoadItem *
find_first(const TsLoadReport *self, TsLoadStatus status)
{
    for (guint i = 0; i < self->items->len; i++) {
        const TsLoadItem *item = g_ptr_array_index(self->items, i);
        if (item->status == status)
            return item;
    }
    return NULL;
}

/* "2 tensors have another shape (first 'fc.weight': 1000x512 in the file, 10x512 in the model)" */
static void
append_cause(const TsLoadReport *self, TsLoadStatus status, const char *what, GString *text)
{
    const TsLoadItem *item = find_first(self, status);
    if (item == NULL)
        return;
    g_string_append_printf(text, "%s%u %s (%s'%s'", text->len > 0 ? "; " : "", self->n[status],
                           what, self->n[status] > 1 ? "first " : "",
                           item->parameter != NULL ? item->parameter : item->tensor);
    if (status == TS_LOAD_SHAPE)
        g_string_append_printf(text, ": %s in the file, %s in the model", item->file_shape,
                               item->shape);
    if (item->cause != NULL)
        g_string_append_printf(text, ": %s", item->cause);
    g_string_append_c(text, ')');
}

gboolean
ts_load_report_check(const TsLoadReport *self, GError **error)
{
    g_autoptr(GString) causes = g_string_new(NULL);
    append_cause(self, TS_LOAD_MISSING, "missing", causes);
    append_cause(self, TS_LOAD_SHAPE, "of another shape", causes);
    append_cause(self, TS_LOAD_DAMAGED, "damaged", causes);
    append_cause(self, TS_LOAD_UNUSED, "not of this architecture", causes);
    return causes->len == 0 ||
           ts_error_set(error, TS_ERROR_FORMAT, "%s: its weights are not those of %s: %s",
                        self->source, self->architecture, causes->str);
}

/* ---- forms ---- */

static guint
count_loaded(const TsLoadReport *self)
{
    return self->n[TS_LOAD_MATCHED] + self->n[TS_LOAD_RENAMED] + self->n[TS_LOAD_ADAPTED];
}

static guint
count_parameters(const TsLoadReport *self)
{
    guint n = 0;
    for (guint i = 0; i < self->items->len; i++)
        n += ((const TsLoadItem *) g_ptr_array_index(self->items, i))->parameter != NULL;
    return n;
}

char *
ts_load_report_summary(const TsLoadReport *self)
{
    static const TsLoadStatus others[] = {TS_LOAD_ADAPTED, TS_LOAD_FRESH, TS_LOAD_MISSING,
                                          TS_LOAD_UNUSED,  TS_LOAD_SHAPE, TS_LOAD_DAMAGED};
    GString *text = g_string_new(NULL);
    g_string_append_printf(text, "%u of %u parameters from %s (names of %s)", count_loaded(self),
                           count_parameters(self), self->source, self->names);
    for (gsize i = 0; i < G_N_ELEMENTS(others); i++)
        if (self->n[others[i]] > 0)
            g_string_append_printf(text, ", %u %s", self->n[others[i]], status_names[others[i]]);
    return g_string_free(text, FALSE);
}

void
ts_load_report_add(const TsLoadReport *self, gboolean all, TsReport *report)
{
    static const char *const columns[] = {"parameter",  "status", "tensor", "shape",
                                          "file_shape", "cause",  NULL};
    ts_report_begin_values(report, "loading");
    ts_report_value_text(report, "source", self->source);
    ts_report_value_text(report, "format", self->format);
    ts_report_value_text(report, "sha256", self->sha256);
    ts_report_value_text(report, "architecture", self->architecture);
    ts_report_value_text(report, "names", self->names);
    ts_report_value_text(report, "prefix", self->prefix);
    for (guint status = 0; status < TS_LOAD_N; status++)
        ts_report_value_int(report, status_names[status], self->n[status]);
    ts_report_begin(report, "weights", columns);
    for (guint i = 0; i < self->items->len; i++) {
        const TsLoadItem *item = g_ptr_array_index(self->items, i);
        const gboolean plain = item->status == TS_LOAD_MATCHED || item->status == TS_LOAD_RENAMED ||
                               item->status == TS_LOAD_IGNORED;
        if (plain && !all)
            continue;
        ts_report_text(report, item->parameter);
        ts_report_text(report, status_names[item->status]);
        ts_report_text(report, item->tensor);
        ts_report_text(report, item->shape);
        ts_report_text(report, item->file_shape);
        ts_report_text(report, item->cause);
    }
}
