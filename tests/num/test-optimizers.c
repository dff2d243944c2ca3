/* SGD, Adam and AdamW against their formulas in double, schedules and loss against hand-made
 * values. */
#include "unit.h"

#include "base/error.h"
#include "base/rng.h"
#include "base/threads.h"
#include "nn/clip.h"
#include "nn/loss.h"
#include "nn/optimizer.h"
#include "nn/schedule.h"

#include <glib/gstdio.h>
#include <math.h>
#include <unistd.h>

enum { STEPS = 20, N = 6 };

static const double rates[STEPS] = {0.1, 0.1, 0.05, 0.2, 0.1, 0.1, 0.1, 0.01, 0.1, 0.1,
                                    0.1, 0.1, 0.1,  0.3, 0.1, 0.1, 0.1, 0.1,  0.1, 0.1};

/* spec 3.2, one number at a time. */
static double
reference_step(const TsOptimizerOptions *o, int t, double lr, double decay, double p, double g,
               double *m, double *v)
{
    if (o->kind == TS_OPTIMIZER_SGD || o->kind == TS_OPTIMIZER_NESTEROV) {
        g += decay * p;
        *m = t == 1 ? g : o->momentum * *m + (1 - o->dampening) * g;
        return p - lr * (o->momentum == 0                   ? g
                         : o->kind == TS_OPTIMIZER_NESTEROV ? g + o->momentum * *m
                                                            : *m);
    }
    if (o->kind == TS_OPTIMIZER_ADAMW)
        p *= 1 - lr * decay;
    else
        g += decay * p;
    *m = o->beta1 * *m + (1 - o->beta1) * g;
    *v = o->beta2 * *v + (1 - o->beta2) * g * g;
    double m_hat = *m / (1 - pow(o->beta1, t)), v_hat = *v / (1 - pow(o->beta2, t));
    return p - lr * m_hat / (sqrt(v_hat) + o->epsilon);
}

static void
check_optimizer(const TsOptimizerOptions *options)
{
    GError *error = NULL;
    ts_threads_set(2);
    g_autoptr(TsGraph) graph = ts_graph_new();
    ts_graph_linear(graph, "fc", ts_graph_input(graph, 3, 1, 1), 2);
    ck_assert(ts_graph_finish(graph, &error));
    g_autoptr(TsParams) params = ts_params_new(graph, &error);
    ts_params_init(params, 1);
    TsOptimizer *optimizer = ts_optimizer_new(options, params, &error);
    ck_assert(optimizer != NULL);
    double p[2][N], m[2][N] = {{0}}, v[2][N] = {{0}};
    for (int k = 0; k < 2; k++)
        for (gsize i = 0; i < params->param[k].n; i++)
            p[k][i] = params->param[k].data[i];
    TsRng rng;
    ts_rng_init(&rng, 3, "gradients", 0);
    for (int t = 1; t <= STEPS; t++) {
        for (int k = 0; k < 2; k++)
            for (gsize i = 0; i < params->param[k].n; i++) {
                float g = params->param[k].grad[i] = (float) ts_rng_normal(&rng);
                double decay = k == 0 ? options->weight_decay : 0; /* the bias does not decay */
                p[k][i] =
                    reference_step(options, t, rates[t - 1], decay, p[k][i], g, &m[k][i], &v[k][i]);
            }
        ts_optimizer_step(optimizer, rates[t - 1]);
        /* Half way, through a checkpoint into a new optimizer. */
        if (t == STEPS / 2) {
            g_autoptr(TsState) state = ts_state_new();
            ck_assert(ts_optimizer_save(optimizer, state, &error));
            ts_optimizer_free(optimizer);
            optimizer = ts_optimizer_new(options, params, &error);
            ck_assert(ts_optimizer_load(optimizer, state, &error));
        }
        for (int k = 0; k < 2; k++)
            for (gsize i = 0; i < params->param[k].n; i++)
                ck_assert_msg(fabs(params->param[k].data[i] - p[k][i]) < 2e-5 * (1 + fabs(p[k][i])),
                              "step %d: %g, formula %g", t, params->param[k].data[i], p[k][i]);
    }
    ts_optimizer_free(optimizer);
}

START_TEST(optimizers)
{
    TsOptimizerOptions all[8];
    for (int i = 0; i < 5; i++)
        all[i] = ts_optimizer_defaults(TS_OPTIMIZER_SGD);
    all[1].momentum = 0;
    all[2] = ts_optimizer_defaults(TS_OPTIMIZER_NESTEROV);
    all[3].dampening = 0.3;
    all[4].weight_decay = 0.1;
    all[5] = ts_optimizer_defaults(TS_OPTIMIZER_ADAM);
    all[6] = ts_optimizer_defaults(TS_OPTIMIZER_ADAM);
    all[6].weight_decay = 0.1;
    all[7] = ts_optimizer_defaults(TS_OPTIMIZER_ADAMW);
    all[7].weight_decay = 0.1;
    check_optimizer(&all[_i]);
}
END_TEST

START_TEST(nesterov_without_momentum_is_refused)
{
    g_autoptr(TsGraph) graph = ts_graph_new();
    ts_graph_linear(graph, "fc", ts_graph_input(graph, 3, 1, 1), 2);
    g_autoptr(TsParams) params = ts_params_new(graph, NULL);
    TsOptimizerOptions options = ts_optimizer_defaults(TS_OPTIMIZER_NESTEROV);
    options.momentum = 0;
    ck_assert_ptr_null(ts_optimizer_new(&options, params, NULL));
}
END_TEST

/* Units of all layers but the last are cut to 0.1 of their weights' length, no others. */
START_TEST(adaptive_clipping)
{
    g_autoptr(TsGraph) graph = ts_graph_new();
    guint x = ts_graph_linear(graph, "body", ts_graph_input(graph, 3, 1, 1), 2);
    ts_graph_linear(graph, "head", x, 2);
    ck_assert(ts_graph_finish(graph, NULL));
    g_autoptr(TsParams) params = ts_params_new(graph, NULL);
    ck_assert(ts_params_add_gradients(params, NULL));
    const float weight[] = {3, 4, 0, 0, 0, 0}, grad[] = {0, 0, 10, 0.3f, 0, 0.4f};
    for (guint i = 0; i < params->n; i++)
        for (gsize k = 0; k < params->param[i].n; k++) {
            params->param[i].data[k] = weight[k];
            params->param[i].grad[k] = grad[k];
        }
    const TsClip clip = {TS_CLIP_AGC, 0.1};
    double norm = 0;
    ck_assert(ts_clip_gradients(&clip, params, &norm, NULL));
    /* body.weight 100 + 0.25, body.bias 0, head.weight 100 + 0.09, head.bias 0 */
    ck_assert(fabs(norm - sqrt(200.34)) < 1e-5);
    const float *body = params->param[0].grad, *head = params->param[2].grad;
    ck_assert(fabs(body[2] - 0.5) < 1e-6); /* |w| 5 */
    ck_assert(fabs(body[3] - 0.6e-4) < 1e-9 &&
              fabs(body[5] - 0.8e-4) < 1e-9); /* |w| at least 1e-3 */
    ck_assert(head[2] == 10);
}
END_TEST

START_TEST(schedules)
{
    TsSchedule s = {.rate = 0.4, .epochs = 10, .steps_per_epoch = 1};
    ck_assert(ts_schedule_parse("constant", &s, NULL));
    ck_assert(ts_schedule_rate(&s, 7) == 0.4);
    ck_assert(ts_schedule_parse("step:every=3,gamma=0.5", &s, NULL));
    ck_assert(ts_schedule_rate(&s, 2) == 0.4 && ts_schedule_rate(&s, 3) == 0.2 &&
              ts_schedule_rate(&s, 8) == 0.1);
    ck_assert(ts_schedule_parse("exponential:gamma=0.5", &s, NULL));
    ck_assert(ts_schedule_rate(&s, 2) == 0.1);
    ck_assert(ts_schedule_parse("cosine:min=0.1", &s, NULL));
    ck_assert(ts_schedule_rate(&s, 0) == 0.4);
    ck_assert(fabs(ts_schedule_rate(&s, 5) - 0.25) < 1e-15);
    ck_assert(fabs(ts_schedule_rate(&s, 10) - 0.1) < 1e-15);
    ck_assert(fabs(ts_schedule_rate(&s, 12) - 0.1) < 1e-15);
    s.warmup_epochs = 4;
    ck_assert(ts_schedule_rate(&s, 0) == 0 && fabs(ts_schedule_rate(&s, 1) - 0.1) < 1e-15);
    ck_assert(fabs(ts_schedule_rate(&s, 5) - 0.25) < 1e-15);
    /* Cycles of 2, 4, 8 ... epochs, each begun at half the rate of the one before. */
    s.warmup_epochs = 0;
    ck_assert(ts_schedule_parse("restarts:cycle=2,mult=2,decay=0.5", &s, NULL));
    ck_assert(fabs(ts_schedule_rate(&s, 2) - 0.2) < 1e-15);
    ck_assert(fabs(ts_schedule_rate(&s, 4) - 0.1) < 1e-15);
    ck_assert(fabs(ts_schedule_rate(&s, 6) - 0.1) < 1e-15);
    ck_assert(!ts_schedule_parse("restarts:cycle=2,mult=0.5", &s, NULL));
}
END_TEST

/* Each with the error that reading it brings; TS_ERROR_... or 0. */
static const struct {
    const char *text;
    gssize n;
    int error;
} factors[] = {
    {"1\n0.5\n 2e-1 \r\n\n", -1, 0},     {"1\n0.5\n0.2", -1, 0},
    {"", -1, TS_ERROR_FORMAT},           {" \n\n", -1, TS_ERROR_FORMAT},
    {"1\n\n0.2\n", -1, TS_ERROR_FORMAT}, {"1\nhalf\n", -1, TS_ERROR_FORMAT},
    {"1\n-0.5\n", -1, TS_ERROR_FORMAT},  {"1\nnan\n", -1, TS_ERROR_FORMAT},
    {"1\n0.5\0\n", 7, TS_ERROR_FORMAT},
};

START_TEST(schedule_of_a_file)
{
    g_autofree char *path = g_build_filename(g_get_tmp_dir(), "factors-XXXXXX", NULL);
    close(g_mkstemp(path));
    ck_assert(g_file_set_contents(path, factors[_i].text, factors[_i].n, NULL));
    g_autofree char *text = g_strconcat("file:path=", path, NULL);
    TsSchedule s = {.rate = 0.4, .epochs = 10, .steps_per_epoch = 1};
    g_autoptr(GError) error = NULL;
    ck_assert_int_eq(ts_schedule_parse(text, &s, &error), factors[_i].error == 0);
    if (factors[_i].error == 0) {
        ck_assert(ts_schedule_rate(&s, 0) == 0.4 && ts_schedule_rate(&s, 1) == 0.2 &&
                  fabs(ts_schedule_rate(&s, 2) - 0.08) < 1e-15 &&
                  fabs(ts_schedule_rate(&s, 9) - 0.08) < 1e-15);
        s.steps_per_epoch = 3;
        ck_assert(ts_schedule_rate(&s, 1.0 / 3) == 0.2);
    } else {
        ck_assert(g_error_matches(error, TS_ERROR, factors[_i].error));
    }
    ts_schedule_clear(&s);
    g_unlink(path);
    g_clear_error(&error);
    ck_assert(!ts_schedule_parse(text, &s, &error));
    ck_assert(g_error_matches(error, TS_ERROR, TS_ERROR_IO));
}
END_TEST

START_TEST(cross_entropy)
{
    /* Equal logits: loss ln 3, gradient w (1/3 - onehot). */
    const float logits[] = {1, 1, 1, 1000, 0, 0};
    const gint32 labels[] = {2, 0};
    const float weights[] = {3, 1};
    float grad[9];
    TsLossSums sums = {0};
    ts_loss_compute(NULL, logits, labels, weights, 2, 3, 3, grad, &sums);
    ck_assert(fabs(ts_loss_mean(&sums) - 3 * log(3) / 4) < 1e-12);
    ck_assert(fabs(ts_loss_accuracy(&sums) - 0.5) < 1e-12);
    const double expected[] = {0.25, 0.25, -0.5, 0, 0, 0, 0, 0, 0};
    for (int i = 0; i < 9; i++)
        ck_assert_msg(fabs(grad[i] - expected[i]) < 1e-6, "%d: %g", i, grad[i]);
    /* A wrong answer that is sure of itself costs its margin, not infinity. */
    const gint32 wrong[] = {1};
    TsLossSums one = {0};
    ts_loss_compute(NULL, logits + 3, wrong, NULL, 1, 3, 1, NULL, &one);
    ck_assert(fabs(ts_loss_mean(&one) - 1000) < 1e-9);
    /* Class weights multiply; where all are zero there is no gradient. */
    const double none[] = {0, 0, 0};
    const TsLoss weighted = {.scale = 1, .class_weights = none};
    TsLossSums zero = {0};
    ts_loss_compute(&weighted, logits, labels, weights, 2, 3, 2, grad, &zero);
    for (int i = 0; i < 6; i++)
        ck_assert(grad[i] == 0);
    ck_assert(isnan(ts_loss_mean(&zero)));
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("optimizers");
    TCase *formulas = tcase_create("equal_their_formulas");
    tcase_add_loop_test(formulas, optimizers, 0, 8);
    tcase_add_test(formulas, nesterov_without_momentum_is_refused);
    tcase_add_test(formulas, adaptive_clipping);
    tcase_add_test(formulas, schedules);
    tcase_add_loop_test(formulas, schedule_of_a_file, 0, G_N_ELEMENTS(factors));
    tcase_add_test(formulas, cross_entropy);
    suite_add_tcase(suite, formulas);
    return unit_run(suite);
}
