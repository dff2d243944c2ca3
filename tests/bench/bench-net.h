/* The network of a benchmark, of random weights and pictures. */
#pragma once

#include "base/number.h"
#include "base/rng.h"
#include "base/threads.h"
#include "nn/models/models.h"
#include "nn/net.h"

#include <stdio.h>
#include <stdlib.h>

enum { BENCH_CLASSES = 10 };

typedef struct {
    TsGraph *graph;
    TsParams *params;
    TsNet *net;
} BenchNet;

static inline void
bench_net_clear(BenchNet *self)
{
    ts_net_free(self->net);
    ts_params_free(self->params);
    ts_graph_free(self->graph);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(BenchNet, bench_net_clear)

/* `input`: "CxHxW". What is there when it fails, bench_net_clear() frees. */
static inline gboolean
bench_net_init(BenchNet *self, const char *architecture, const char *input, guint batch,
               TsNetMode mode, TsPrecision precision, GError **error)
{
    g_auto(GStrv) size = g_strsplit(input, "x", -1);
    gint64 c, h, w;
    if (g_strv_length(size) != 3 || !ts_parse_int(size[0], 1, 4, "channels", &c, error) ||
        !ts_parse_int(size[1], 1, 4096, "height", &h, error) ||
        !ts_parse_int(size[2], 1, 4096, "width", &w, error))
        return FALSE;
    self->graph = ts_model_graph_new(architecture, (int) c, (int) h, (int) w, BENCH_CLASSES, error);
    self->params = self->graph != NULL ? ts_params_new(self->graph, error) : NULL;
    if (self->params == NULL)
        return FALSE;
    ts_params_init(self->params, 1);
    self->params->precision = precision;
    self->net = ts_net_new(self->graph, self->params, batch, mode, error);
    if (self->net == NULL)
        return FALSE;
    TsRng rng;
    ts_rng_init(&rng, 1, "images", 0);
    for (gsize i = 0; i < (gsize) batch * c * h * w; i++)
        ts_net_input(self->net)[i] = (float) ts_rng_normal(&rng);
    return TRUE;
}

static inline int
bench_compare(const void *a, const void *b)
{
    double x = *(const double *) a, y = *(const double *) b;
    return (x > y) - (x < y);
}

/* The upper of two in the middle. */
static inline double
bench_median(double *times, guint n)
{
    qsort(times, n, sizeof *times, bench_compare);
    return times[n / 2];
}

/* What main() of these does first. */
static inline void
bench_set_up(char **argv)
{
    ts_threads_prepare_environment(argv);
    ts_threads_set(0);
    ts_denormals_off();
}
