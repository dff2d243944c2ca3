/* Training with --precision bf16 against loops in double that round what a convolution reads:
 * inputs, weights and the gradient from above, and nothing else. That is what direct kernels do;
 * test-winograd.c has those that round what they make of it.
 *
 * Bounds. Products of rounded numbers are exact, so sums differ by rounding in f32 alone; but a
 * number between two convolutions may fall to the other side where it is rounded: about one in 2^15
 * by 2^-8 of itself, 2e-5 of the norm. Without rounding the results differ by some 2^-9, 2e-3. */
#include "unit.h"

#include "base/rng.h"
#include "base/threads.h"
#include "nn/net.h"
#include "store/half.h"

#include <math.h>
#include <string.h>

static const double bound = 1e-4, least_of_rounding = 5e-4;

enum { BATCH = 3, LAYERS = 2 };

/* Two convolutions, one behind the other, of square pictures. */
typedef struct {
    int channels[LAYERS + 1], size, kernel, stride, groups;
} Case;

static const Case cases[] = {
    {{16, 32, 16}, 9, 3, 1, 1}, {{3, 20, 9}, 12, 3, 2, 1},  {{1, 16, 8}, 11, 3, 1, 1},
    {{8, 24, 40}, 7, 1, 1, 1},  {{16, 16, 16}, 8, 3, 1, 4}, {{24, 24, 24}, 9, 3, 2, 24},
};

/* One convolution in plain form: what it reads, and what it makes of that. */
typedef struct {
    int in, out, size, out_size, kernel, stride, groups;
    int n_x, n_y, n_w;
    float *x, *w, *bias, *dy;
    float *y, *dx, *dw, *db;
} Plain;

static float *
random_floats(int n, const char *purpose)
{
    TsRng rng;
    ts_rng_init(&rng, 4, purpose, 0);
    float *data = g_new(float, n);
    for (int i = 0; i < n; i++)
        data[i] = (float) ts_rng_normal(&rng);
    return data;
}

static float *
plain_of(const TsParam *param, const float *stored)
{
    float *plain = g_new(float, param->n);
    ck_assert(ts_param_get_plain(param, stored, plain, NULL));
    return plain;
}

static void
plain_init(Plain *p, const Case *c, int layer, int size)
{
    *p = (Plain){.in = c->channels[layer],
                 .out = c->channels[layer + 1],
                 .size = size,
                 .kernel = c->kernel,
                 .stride = c->stride,
                 .groups = c->groups};
    p->out_size = (size - 1) / c->stride + 1;
    p->n_x = BATCH * p->in * size * size;
    p->n_y = BATCH * p->out * p->out_size * p->out_size;
    p->n_w = p->out * (p->in / p->groups) * p->kernel * p->kernel;
    p->y = g_new0(float, p->n_y);
    p->dx = g_new0(float, p->n_x);
    p->dw = g_new0(float, p->n_w);
    p->db = g_new0(float, p->out);
}

static void
plain_clear(Plain *p)
{
    float *all[] = {p->x, p->w, p->bias, p->dy, p->y, p->dx, p->dw, p->db};
    for (gsize i = 0; i < G_N_ELEMENTS(all); i++)
        g_free(all[i]);
}

static double
rounded(float value)
{
    return ts_bf16_to_f32(ts_f32_to_bf16(value));
}

static double *
as_doubles(const float *numbers, int n, gboolean round)
{
    double *doubles = g_new0(double, n);
    for (int i = 0; i < n && numbers != NULL; i++)
        doubles[i] = round ? rounded(numbers[i]) : (double) numbers[i];
    return doubles;
}

static void
store(const double *sums, float *numbers, int n)
{
    for (int i = 0; i < n; i++)
        numbers[i] = (float) sums[i];
}

/* y of x, w and bias; and, if there is dy, dx, dw and db. */
static void
convolve(Plain *p)
{
    const int area = p->kernel * p->kernel, fan = p->in / p->groups,
              pixels = p->out_size * p->out_size;
    g_autofree double *x = as_doubles(p->x, p->n_x, TRUE), *w = as_doubles(p->w, p->n_w, TRUE);
    g_autofree double *dy = as_doubles(p->dy, p->n_y, TRUE);
    g_autofree double *y = as_doubles(NULL, p->n_y, FALSE), *dx = as_doubles(NULL, p->n_x, FALSE);
    g_autofree double *dw = as_doubles(NULL, p->n_w, FALSE), *db = as_doubles(NULL, p->out, FALSE);
    for (int i = 0; i < p->n_y; i++) {
        const int ox = i % p->out_size, oy = i / p->out_size % p->out_size;
        const int o = i / pixels % p->out, image = i / pixels / p->out;
        const int first = image * p->in + o / (p->out / p->groups) * fan;
        y[i] = p->bias[o];
        db[o] += dy[i];
        for (int j = 0; j < fan * area; j++) {
            const int row = oy * p->stride + j % area / p->kernel - p->kernel / 2;
            const int column = ox * p->stride + j % p->kernel - p->kernel / 2;
            if (row < 0 || row >= p->size || column < 0 || column >= p->size)
                continue;
            const int at = ((first + j / area) * p->size + row) * p->size + column;
            y[i] += x[at] * w[o * fan * area + j];
            dx[at] += dy[i] * w[o * fan * area + j];
            dw[o * fan * area + j] += dy[i] * x[at];
        }
    }
    store(y, p->y, p->n_y);
    store(dx, p->dx, p->n_x);
    store(dw, p->dw, p->n_w);
    store(db, p->db, p->out);
}

static double
relative_error(const float *a, const float *b, gsize n)
{
    double norm = 0, error = 0;
    for (gsize i = 0; i < n; i++) {
        norm += (double) a[i] * a[i];
        error += pow((double) a[i] - b[i], 2);
    }
    return sqrt(error / norm);
}

static void
check_equal(const char *what, const float *expected, const float *got, int n)
{
    const double e = relative_error(expected, got, (gsize) n);
    ck_assert_msg(e <= bound, "%s: error %g", what, e);
}

static TsGraph *
graph_of(const Case *c)
{
    static const char *const names[LAYERS] = {"below", "above"};
    GError *error = NULL;
    TsGraph *graph = ts_graph_new();
    guint node = ts_graph_input(graph, c->channels[0], c->size, c->size);
    for (int l = 0; l < LAYERS; l++)
        node = ts_graph_conv(graph, names[l], node,
                             &(TsConvOptions){.channels = c->channels[l + 1],
                                              .kernel = c->kernel,
                                              .stride = c->stride,
                                              .pad = c->kernel / 2,
                                              .groups = c->groups,
                                              .bias = TRUE});
    ts_graph_flatten(graph, node);
    ck_assert_msg(ts_graph_finish(graph, &error), "%s", error != NULL ? error->message : "");
    return graph;
}

/* Forward and backward with `x` and the gradient `dy`; the result. Free with g_free(). */
static float *
take_step(const TsGraph *graph, TsParams *params, TsPrecision precision, const float *x, int n_x,
          const float *dy, int n_y)
{
    GError *error = NULL;
    ts_threads_set(2);
    params->precision = precision;
    g_autoptr(TsNet) net = ts_net_new(graph, params, BATCH, TS_NET_TRAIN, &error);
    ck_assert_msg(net != NULL, "%s", error != NULL ? error->message : "");
    memcpy(ts_net_input(net), x, (gsize) n_x * sizeof *x);
    ck_assert(ts_net_forward(net, 0, &error));
    float *y = g_memdup2(ts_net_logits(net), (gsize) n_y * sizeof *y);
    memcpy(ts_net_grad_logits(net), dy, (gsize) n_y * sizeof *dy);
    ck_assert(ts_net_backward(net, &error));
    return y;
}

START_TEST(convolutions_round_what_they_read)
{
    const Case *c = &cases[_i];
    Plain below, above;
    plain_init(&below, c, 0, c->size);
    plain_init(&above, c, 1, below.out_size);
    g_autoptr(TsGraph) graph = graph_of(c);
    g_autoptr(TsParams) params = ts_params_new(graph, NULL);
    ts_params_init(params, 3);
    params->kernels = TS_KERNELS_DIRECT;
    below.x = random_floats(below.n_x, "x");
    above.dy = random_floats(above.n_y, "dy");
    g_autofree float *y =
        take_step(graph, params, TS_PRECISION_BF16, below.x, below.n_x, above.dy, above.n_y);
    TsParam *param = params->param; /* weight, bias, weight, bias */
    below.w = plain_of(&param[0], param[0].data);
    below.bias = plain_of(&param[1], param[1].data);
    above.w = plain_of(&param[2], param[2].data);
    above.bias = plain_of(&param[3], param[3].data);
    convolve(&below);
    above.x = g_memdup2(below.y, (gsize) below.n_y * sizeof *below.y);
    convolve(&above);
    below.dy = g_memdup2(above.dx, (gsize) above.n_x * sizeof *above.dx);
    convolve(&below);
    check_equal("forward", above.y, y, above.n_y);
    const float *expected[] = {below.dw, below.db, above.dw, above.db};
    for (guint i = 0; i < params->n; i++) {
        g_autofree float *gradient = plain_of(&param[i], param[i].grad);
        check_equal(param[i].spec->name, expected[i], gradient, (int) param[i].n);
    }
    /* The test sees rounding. */
    g_autoptr(TsParams) exact = ts_params_new(graph, NULL);
    ts_params_init(exact, 3);
    g_autofree float *y32 =
        take_step(graph, exact, TS_PRECISION_F32, below.x, below.n_x, above.dy, above.n_y);
    ck_assert_double_ge(relative_error(y, y32, (gsize) above.n_y), least_of_rounding);
    plain_clear(&below);
    plain_clear(&above);
}
END_TEST

/* A block and its shortcut: 3x3 and 1x1 with stride 2 of one input, added if both are wanted. */
static TsParams *
gradients_of_branches(gboolean block, gboolean shortcut, const float *x, int n_x, const float *dy,
                      int n_y)
{
    g_autoptr(TsGraph) graph = ts_graph_new();
    const guint input = ts_graph_input(graph, 20, 8, 8);
    const TsConvOptions wide = {.channels = 24, .kernel = 3, .stride = 2, .pad = 1};
    const TsConvOptions narrow = {.channels = 24, .kernel = 1, .stride = 2};
    guint node = block ? ts_graph_conv(graph, "block", input, &wide) : 0;
    if (shortcut) {
        const guint beside = ts_graph_conv(graph, "shortcut", input, &narrow);
        node = block ? ts_graph_add(graph, node, beside) : beside;
    }
    ts_graph_flatten(graph, node);
    ck_assert(ts_graph_finish(graph, NULL));
    TsParams *params = ts_params_new(graph, NULL);
    ts_params_init(params, 3);
    params->kernels = TS_KERNELS_DIRECT;
    free(take_step(graph, params, TS_PRECISION_BF16, x, n_x, dy, n_y));
    return params;
}

/* The rounded input of both is one, which changes no gradient. */
START_TEST(branches_share_what_they_read)
{
    const int n_x = BATCH * 20 * 8 * 8, n_y = BATCH * 24 * 4 * 4;
    float *x = random_floats(n_x, "x"), *dy = random_floats(n_y, "dy");
    g_autoptr(TsParams) both = gradients_of_branches(TRUE, TRUE, x, n_x, dy, n_y);
    g_autoptr(TsParams) block = gradients_of_branches(TRUE, FALSE, x, n_x, dy, n_y);
    g_autoptr(TsParams) shortcut = gradients_of_branches(FALSE, TRUE, x, n_x, dy, n_y);
    const TsParam *alone[] = {&block->param[0], &shortcut->param[0]};
    for (int i = 0; i < 2; i++) {
        g_autofree float *expected = plain_of(alone[i], alone[i]->grad);
        g_autofree float *gradient = plain_of(&both->param[i], both->param[i].grad);
        ck_assert_int_eq(memcmp(expected, gradient, alone[i]->n * sizeof *expected), 0);
    }
    free(x);
    free(dy);
}
END_TEST

/* Inference is f32, with the parameters of a net that trains in bf16. */
START_TEST(inference_does_not_round)
{
    const Case *c = &cases[_i];
    g_autoptr(GError) error = NULL;
    g_autoptr(TsGraph) graph = graph_of(c);
    float *logits[2];
    int n = 0;
    for (int i = 0; i < 2; i++) {
        g_autoptr(TsParams) params = ts_params_new(graph, &error);
        ts_params_init(params, 3);
        params->precision = i == 0 ? TS_PRECISION_BF16 : TS_PRECISION_F32;
        g_autoptr(TsNet) train = ts_net_new(graph, params, BATCH, TS_NET_TRAIN, &error);
        g_autoptr(TsNet) net = ts_net_new(graph, params, BATCH, TS_NET_FROZEN, &error);
        ck_assert(train != NULL && net != NULL);
        g_autofree float *x = random_floats(BATCH * c->channels[0] * c->size * c->size, "x");
        memcpy(ts_net_input(net), x,
               sizeof *x * (gsize) (BATCH * c->channels[0] * c->size * c->size));
        ck_assert(ts_net_forward(net, 0, &error));
        n = BATCH * (int) ts_graph_node(graph, graph->nodes->len - 1)->shape.c;
        logits[i] = g_memdup2(ts_net_logits(net), sizeof *x * (gsize) n);
    }
    ck_assert_double_le(relative_error(logits[0], logits[1], (gsize) n), 1e-6);
    g_free(logits[0]);
    g_free(logits[1]);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("bf16");
    TCase *all = tcase_create("bf16");
    tcase_add_loop_test(all, convolutions_round_what_they_read, 0, G_N_ELEMENTS(cases));
    tcase_add_test(all, branches_share_what_they_read);
    tcase_add_loop_test(all, inference_does_not_round, 0, G_N_ELEMENTS(cases));
    suite_add_tcase(suite, all);
    return unit_run(suite);
}
