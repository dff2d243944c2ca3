/* Kernels that are chosen by timing: what is measured is kept and read again, what a table says is
 * done, bit for bit, and a table that is none is refused. */
#include "scratch.h"
#include "unit.h"

#include "base/error.h"
#include "base/rng.h"
#include "base/threads.h"
#include "nn/net.h"
#include "nn/timed_kernels.h"

#include <string.h>

enum { BATCH = 4, CHANNELS = 16, OUT = 24, SIDE = 16, N_OUT = OUT * SIDE * SIDE };

static const char header[] =
    "in_channels\tout_channels\theight\twidth\tpad\tdirect_ms\twinograd_ms\tkernels\n";

static const TsWindowSpec spec = {.batch = BATCH,
                                  .in_channels = CHANNELS,
                                  .in_height = SIDE,
                                  .in_width = SIDE,
                                  .out_channels = OUT,
                                  .out_height = SIDE,
                                  .out_width = SIDE,
                                  .kernel_height = 3,
                                  .kernel_width = 3,
                                  .stride = 1,
                                  .pad_top = 1,
                                  .pad_left = 1,
                                  .pad_bottom = 1,
                                  .pad_right = 1,
                                  .groups = 1};

static void
write_table(const char *rows)
{
    g_autofree char *text = g_strconcat(header, rows, NULL);
    ck_assert(g_file_set_contents("kernels.tsv", text, -1, NULL));
}

/* The results of one convolution with these kernels. Free with g_free(). */
static float *
convolve(TsConvKernels kernels, TsTimedKernels *timed)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(TsGraph) graph = ts_graph_new();
    const guint input = ts_graph_input(graph, CHANNELS, SIDE, SIDE);
    ts_graph_flatten(graph,
                     ts_graph_conv(graph, "conv", input,
                                   &(TsConvOptions){.channels = OUT, .kernel = 3, .pad = 1}));
    ck_assert(ts_graph_finish(graph, NULL));
    g_autoptr(TsParams) params = ts_params_new(graph, NULL);
    ts_params_init(params, 3);
    params->kernels = kernels;
    params->timed = timed;
    g_autoptr(TsNet) net = ts_net_new(graph, params, BATCH, TS_NET_TRAIN, &error);
    ck_assert_msg(net != NULL, "%s", error != NULL ? error->message : "");
    TsRng rng;
    ts_rng_init(&rng, 1, "x", 0);
    for (int i = 0; i < BATCH * CHANNELS * SIDE * SIDE; i++)
        ts_net_input(net)[i] = (float) ts_rng_normal(&rng);
    ck_assert(ts_net_forward(net, 0, NULL));
    return g_memdup2(ts_net_logits(net), BATCH * N_OUT * sizeof(float));
}

static gboolean
equal(const float *a, const float *b)
{
    return memcmp(a, b, BATCH * N_OUT * sizeof *a) == 0;
}

START_TEST(what_was_measured_is_kept)
{
    ts_threads_set(2);
    g_autoptr(TsTimedKernels) first = ts_timed_kernels_new(TS_PRECISION_F32);
    ck_assert(ts_timed_kernels_keep(first, "kernels.tsv", NULL));
    const gboolean winograd = ts_timed_kernels_is_winograd(first, &spec);
    ck_assert_uint_eq(ts_timed_kernels_n(first), 1);
    ck_assert_uint_eq(ts_timed_kernels_n_winograd(first), winograd ? 1 : 0);
    /* Another batch is the same convolution. */
    TsWindowSpec larger = spec;
    larger.batch = 9;
    ck_assert(ts_timed_kernels_is_winograd(first, &larger) == winograd);
    ck_assert_uint_eq(ts_timed_kernels_n(first), 1);
    /* The table grew with what was measured; the faster is what was chosen. */
    g_autofree char *text = NULL;
    ck_assert(g_file_get_contents("kernels.tsv", &text, NULL, NULL));
    ck_assert(g_str_has_prefix(text, header));
    ck_assert(g_str_has_prefix(text + strlen(header), "16\t24\t16\t16\t1\t"));
    g_auto(GStrv) cells = g_strsplit(text + strlen(header), "\t", -1);
    ck_assert_uint_eq(g_strv_length(cells), 8);
    const double direct_ms = g_ascii_strtod(cells[5], NULL);
    const double winograd_ms = g_ascii_strtod(cells[6], NULL);
    ck_assert(direct_ms > 0 && winograd_ms > 0);
    ck_assert(winograd ? winograd_ms <= direct_ms : direct_ms <= winograd_ms);
    ck_assert(g_str_has_suffix(text, winograd ? "\twinograd\n" : "\tdirect\n"));
    g_autoptr(TsTimedKernels) second = ts_timed_kernels_new(TS_PRECISION_F32);
    ck_assert(ts_timed_kernels_read(second, "kernels.tsv", NULL));
    ck_assert_uint_eq(ts_timed_kernels_n(second), 1);
    ck_assert_uint_eq(ts_timed_kernels_n_winograd(second), winograd ? 1 : 0);
}
END_TEST

/* Whatever the clock would say. */
START_TEST(nets_do_what_the_table_says)
{
    static const struct {
        const char *row;
        TsConvKernels kernels;
    } cases[] = {{"16\t24\t16\t16\t1\t9\t1\tdirect\n", TS_KERNELS_DIRECT},
                 {"16\t24\t16\t16\t1\t\\N\t\\N\twinograd\n", TS_KERNELS_WINOGRAD}};
    float *result[2];
    ts_threads_set(2);
    for (int i = 0; i < 2; i++) {
        write_table(cases[i].row);
        g_autoptr(TsTimedKernels) timed = ts_timed_kernels_new(TS_PRECISION_F32);
        ck_assert(ts_timed_kernels_read(timed, "kernels.tsv", NULL));
        result[i] = convolve(TS_KERNELS_TIMED, timed);
        g_autofree float *plain = convolve(cases[i].kernels, NULL);
        ck_assert(equal(result[i], plain));
    }
    ck_assert(!equal(result[0], result[1]));
    /* Without a table, by shape. */
    g_autofree float *timed = convolve(TS_KERNELS_TIMED, NULL);
    g_autofree float *automatic = convolve(TS_KERNELS_AUTO, NULL);
    ck_assert(equal(timed, automatic));
    g_free(result[0]);
    g_free(result[1]);
}
END_TEST

START_TEST(what_is_no_table_is_refused)
{
    static const char *const rows[][2] = {{"16\t24\t16\t16\tx\t1\t1\tdirect\n", ":2: pad is not"},
                                          {"-1\t24\t16\t16\t1\t1\t1\tdirect\n", "in_channels"},
                                          {"16\t24\t16\t16\t1\t1\t1\tfast\n", "direct or winograd"},
                                          {"16\t24\t16\t16\t1\t1\t1\tauto\n", "direct or winograd"},
                                          {"16\t24\n", "kernels.tsv:2"}};
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(TsTimedKernels) timed = ts_timed_kernels_new(TS_PRECISION_F32);
        write_table(rows[i][0]);
        ck_assert(!ts_timed_kernels_read(timed, "kernels.tsv", &error));
        ck_assert_msg(g_error_matches(error, TS_ERROR, TS_ERROR_FORMAT) &&
                          strstr(error->message, rows[i][1]) != NULL,
                      "%s", error->message);
    }
    g_autoptr(TsTimedKernels) timed = ts_timed_kernels_new(TS_PRECISION_F32);
    ck_assert(g_file_set_contents("kernels.tsv", "a\tb\n1\t2\n", -1, NULL));
    ck_assert(!ts_timed_kernels_read(timed, "kernels.tsv", NULL));
    ck_assert(!ts_timed_kernels_read(timed, "gone.tsv", NULL));
    ck_assert(!ts_timed_kernels_keep(timed, "no/such/folder/kernels.tsv", NULL));
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("timed-kernels");
    TCase *all = tcase_create("timed-kernels");
    tcase_add_checked_fixture(all, scratch_enter, scratch_leave);
    tcase_add_test(all, what_was_measured_is_kept);
    tcase_add_test(all, nets_do_what_the_table_says);
    tcase_add_test(all, what_is_no_table_is_refused);
    suite_add_tcase(suite, all);
    return unit_run(suite);
}
