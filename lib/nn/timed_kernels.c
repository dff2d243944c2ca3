/* Convolutions timed both ways, and the table that remembers it. */
#include "nn/timed_kernels.h"

#include "base/error.h"
#include "base/log.h"
#include "base/number.h"
#include "base/outfile.h"
#include "manifest/manifest.h"
#include "nn/net.h"
#include "nn/winograd/winograd.h"

#include <math.h>
#include <string.h>

enum { ROUNDS = 4, WAYS = 2, MOST_SAMPLES = 32 };

static const TsConvKernels ways[WAYS] = {TS_KERNELS_DIRECT, TS_KERNELS_WINOGRAD};

/* What tells one convolution from another; kernels are 3x3, strides 1. */
typedef enum { IN_CHANNELS, OUT_CHANNELS, HEIGHT, WIDTH, PAD, N_NUMBERS } Number;

static const char *const number_names[N_NUMBERS] = {"in_channels", "out_channels", "height",
                                                    "width", "pad"};

typedef struct {
    gint64 number[N_NUMBERS];
    double ms[WAYS]; /* NAN: not measured */
    TsConvKernels kernels;
} Convolution;

struct _TsTimedKernels {
    TsPrecision precision;
    GArray *convolutions; /* of Convolution, as they came */
    char *path;           /* of the table; NULL: not kept */
};

TsTimedKernels *
ts_timed_kernels_new(TsPrecision precision)
{
    TsTimedKernels *self = g_new0(TsTimedKernels, 1);
    self->precision = precision;
    self->convolutions = g_array_new(FALSE, FALSE, sizeof(Convolution));
    return self;
}

void
ts_timed_kernels_free(TsTimedKernels *self)
{
    if (self == NULL)
        return;
    g_array_unref(self->convolutions);
    g_free(self->path);
    g_free(self);
}

/* ---- the clock ---- */

/* The convolution as a net of its own, above a batch norm so that there is a gradient by data. */
static TsGraph *
graph_of(const TsWindowSpec *spec, GError **error)
{
    g_autoptr(TsGraph) graph = ts_graph_new();
    guint node = ts_graph_input(graph, spec->in_channels, spec->in_height, spec->in_width);
    node = ts_graph_conv(graph, "conv", ts_graph_norm(graph, "norm", node),
                         &(TsConvOptions){.channels = (int) spec->out_channels,
                                          .kernel = (int) spec->kernel_height,
                                          .pad = (int) spec->pad_top,
                                          .bias = spec->bias});
    ts_graph_flatten(graph, node);
    return ts_graph_finish(graph, error) ? g_steal_pointer(&graph) : NULL;
}

typedef struct {
    TsParams *params;
    TsNet *net;
} Way;

static void
way_clear(Way *way)
{
    ts_net_free(way->net);
    ts_params_free(way->params);
}

/* Numbers neither zero nor all alike: how fast a step is does not depend on more. */
static void
fill(float *numbers, gsize n)
{
    for (gsize i = 0; i < n; i++)
        numbers[i] = (float) (i % 17) / 8 - 1;
}

static gboolean
way_init(Way *way, const TsTimedKernels *self, const TsGraph *graph, const TsWindowSpec *spec,
         TsConvKernels kernels, GError **error)
{
    const gsize batch = (gsize) spec->batch;
    if ((way->params = ts_params_new(graph, error)) == NULL)
        return FALSE;
    ts_params_init(way->params, 1);
    way->params->kernels = kernels;
    way->params->precision = self->precision;
    way->net = ts_net_new(graph, way->params, (guint) batch, TS_NET_TRAIN, error);
    if (way->net == NULL)
        return FALSE;
    fill(ts_net_input(way->net),
         batch * (gsize) (spec->in_channels * spec->in_height * spec->in_width));
    fill(ts_net_grad_logits(way->net),
         batch * (gsize) (spec->out_channels * spec->out_height * spec->out_width));
    return TRUE;
}

/* The shortest of several steps each, the ways in turn; a first one warms up. Of a large batch a
 * part is enough. */
static gboolean
measure(const TsTimedKernels *self, const TsWindowSpec *whole, double *ms, GError **error)
{
    Way way[WAYS] = {{NULL}};
    TsWindowSpec part = *whole;
    const TsWindowSpec *spec = &part;
    part.batch = MIN(part.batch, MOST_SAMPLES);
    g_autoptr(TsGraph) graph = graph_of(spec, error);
    gboolean ok = graph != NULL;
    for (int i = 0; i < WAYS; i++) {
        ok = ok && way_init(&way[i], self, graph, spec, ways[i], error);
        ms[i] = INFINITY;
    }
    for (int round = 0; ok && round <= ROUNDS; round++)
        for (int i = 0; ok && i < WAYS; i++) {
            const gint64 begin = g_get_monotonic_time();
            ok = ts_net_forward(way[i].net, 0, error) && ts_net_backward(way[i].net, error);
            const double took = (double) (g_get_monotonic_time() - begin) / 1e3;
            if (round > 0)
                ms[i] = MIN(ms[i], took);
        }
    for (int i = 0; i < WAYS; i++)
        way_clear(&way[i]);
    return ok;
}

/* ---- what is known ---- */

static Convolution
describe(const TsWindowSpec *spec)
{
    return (Convolution){.number = {[IN_CHANNELS] = spec->in_channels,
                                    [OUT_CHANNELS] = spec->out_channels,
                                    [HEIGHT] = spec->out_height,
                                    [WIDTH] = spec->out_width,
                                    [PAD] = spec->pad_top},
                         .ms = {NAN, NAN}};
}

static const Convolution *
find(const TsTimedKernels *self, const Convolution *wanted)
{
    for (guint i = 0; i < self->convolutions->len; i++) {
        const Convolution *c = &g_array_index(self->convolutions, Convolution, i);
        if (memcmp(c->number, wanted->number, sizeof c->number) == 0)
            return c;
    }
    return NULL;
}

/* ---- the table ---- */

static gboolean
write_table(const TsTimedKernels *self, GError **error)
{
    g_autoptr(GString) text = g_string_new(NULL);
    for (int i = 0; i < N_NUMBERS; i++)
        g_string_append_printf(text, "%s\t", number_names[i]);
    g_string_append(text, "direct_ms\twinograd_ms\tkernels\n");
    for (guint k = 0; k < self->convolutions->len; k++) {
        const Convolution *c = &g_array_index(self->convolutions, Convolution, k);
        for (int i = 0; i < N_NUMBERS; i++)
            g_string_append_printf(text, "%" G_GINT64_FORMAT "\t", c->number[i]);
        for (int i = 0; i < WAYS; i++)
            if (isfinite(c->ms[i]))
                g_string_append_printf(text, "%.3f\t", c->ms[i]);
            else
                g_string_append(text, "\\N\t");
        g_string_append_printf(text, "%s\n", ts_conv_kernels_name(c->kernels));
    }
    return ts_write_file(self->path, text->str, text->len, TRUE, error);
}

gboolean
ts_timed_kernels_keep(TsTimedKernels *self, const char *path, GError **error)
{
    g_free(self->path);
    self->path = g_strdup(path);
    return write_table(self, error);
}

typedef struct {
    guint number[N_NUMBERS], ms[WAYS], kernels;
} Columns;

static gboolean
find_columns(const TsManifest *table, Columns *columns, GError **error)
{
    for (int i = 0; i < N_NUMBERS; i++)
        if (!ts_manifest_require_column(table, number_names[i], &columns->number[i], error))
            return FALSE;
    return ts_manifest_require_column(table, "direct_ms", &columns->ms[0], error) &&
           ts_manifest_require_column(table, "winograd_ms", &columns->ms[1], error) &&
           ts_manifest_require_column(table, "kernels", &columns->kernels, error);
}

static gboolean
read_row(const TsManifest *table, guint64 row, const Columns *columns, Convolution *c,
         GError **error)
{
    g_autofree char *where = ts_manifest_where(table, row);
    const TsCell kernels = ts_manifest_cell(table, row, columns->kernels);
    for (int i = 0; i < N_NUMBERS; i++)
        if (!ts_cell_to_int(ts_manifest_cell(table, row, columns->number[i]), &c->number[i]) ||
            c->number[i] < 0)
            return ts_error_set(error, TS_ERROR_FORMAT, "%s: %s is not a number of 0 or more",
                                where, number_names[i]);
    for (int i = 0; i < WAYS; i++)
        if (!ts_cell_to_double(ts_manifest_cell(table, row, columns->ms[i]), &c->ms[i]))
            c->ms[i] = NAN;
    for (int i = 0; i < WAYS; i++)
        if (ts_cell_equal(kernels, ts_conv_kernels_name(ways[i]))) {
            c->kernels = ways[i];
            return TRUE;
        }
    return ts_error_set(error, TS_ERROR_FORMAT, "%s: kernels is not direct or winograd", where);
}

gboolean
ts_timed_kernels_read(TsTimedKernels *self, const char *path, GError **error)
{
    Columns columns;
    g_autoptr(TsManifest) table = ts_manifest_read(path, error);
    if (table == NULL || !find_columns(table, &columns, error))
        return FALSE;
    for (guint64 row = 0; row < ts_manifest_n_rows(table); row++) {
        Convolution convolution;
        if (!read_row(table, row, &columns, &convolution, error))
            return FALSE;
        if (find(self, &convolution) == NULL)
            g_array_append_val(self->convolutions, convolution);
    }
    return TRUE;
}

/* ---- asked by nets ---- */

gboolean
ts_timed_kernels_is_winograd(TsTimedKernels *self, const TsWindowSpec *spec)
{
    Convolution convolution = describe(spec);
    const Convolution *known = find(self, &convolution);
    if (known != NULL)
        return known->kernels == TS_KERNELS_WINOGRAD;
    const gboolean faster = measure(self, spec, convolution.ms, NULL)
                                ? convolution.ms[1] < convolution.ms[0]
                                : ts_winograd_pays(spec);
    convolution.kernels = faster ? TS_KERNELS_WINOGRAD : TS_KERNELS_DIRECT;
    g_array_append_val(self->convolutions, convolution);
    g_autoptr(GError) error = NULL;
    if (self->path != NULL && !write_table(self, &error))
        ts_warning("%s; --resume will have to time kernels anew", error->message);
    return faster;
}

guint
ts_timed_kernels_n(const TsTimedKernels *self)
{
    return self->convolutions->len;
}

guint
ts_timed_kernels_n_winograd(const TsTimedKernels *self)
{
    guint n = 0;
    for (guint i = 0; i < self->convolutions->len; i++)
        n += g_array_index(self->convolutions, Convolution, i).kernels == TS_KERNELS_WINOGRAD;
    return n;
}
