/* lib/base: numbers, random streams, output files, progress, threads, interrupts. */
#include "unit.h"

#include "base/error.h"
#include "base/interrupt.h"
#include "base/number.h"
#include "base/outfile.h"
#include "base/progress.h"
#include "base/rng.h"
#include "base/threads.h"

#include <glib/gstdio.h>
#include <gsl/gsl_randist.h>
#include <math.h>
#include <omp.h>
#include <signal.h>
#include <string.h>

/* ---- numbers ---- */

START_TEST(numbers_read_back_the_same)
{
    char text[TS_NUMBER_MAX];
    TsRng rng;
    ts_rng_init(&rng, 1, "numbers", 0);
    for (int i = 0; i < 100000; i++) {
        guint64 bits = (guint64) ts_rng_next(&rng) << 32 | ts_rng_next(&rng);
        double d;
        memcpy(&d, &bits, sizeof d);
        if (isnan(d))
            continue;
        ck_assert(g_ascii_strtod(ts_format_double(text, d), NULL) == d);
        float f;
        memcpy(&f, &bits, sizeof f);
        if (!isnan(f))
            ck_assert((float) g_ascii_strtod(ts_format_float(text, f), NULL) == f);
    }
    ck_assert_str_eq(ts_format_double(text, 0.1), "0.1");
    ck_assert_str_eq(ts_format_float(text, 0.1f), "0.1");
}
END_TEST

START_TEST(malformed_numbers_are_refused)
{
    static const char *const bad[] = {"", " 1", "1 ", "1x", "x", "1e", "--1", "0x10", "1.5"};
    gint64 i;
    double d;
    for (gsize k = 0; k < G_N_ELEMENTS(bad); k++) {
        g_autoptr(GError) error = NULL;
        ck_assert(!ts_parse_int(bad[k], -100, 100, "n", &i, &error));
        ck_assert(g_error_matches(error, TS_ERROR, TS_ERROR_ARGUMENT));
    }
    static const char *const bad_doubles[] = {"", "nan", "inf", "-inf", "1,5", "1e999", "abc"};
    for (gsize k = 0; k < G_N_ELEMENTS(bad_doubles); k++)
        ck_assert(!ts_parse_double(bad_doubles[k], -1e300, 1e300, "x", &d, NULL));
    ck_assert(!ts_parse_int("99999999999999999999", G_MININT64, G_MAXINT64, "n", &i, NULL));
    ck_assert(!ts_parse_int("101", -100, 100, "n", &i, NULL));
    ck_assert(ts_parse_int("-100", -100, 100, "n", &i, NULL) && i == -100);
}
END_TEST

START_TEST(sizes)
{
    int w = 0, h = 0;
    ck_assert(ts_parse_size("30x20", "--size", &w, &h, NULL) && w == 30 && h == 20);
    ck_assert(ts_parse_size("7", "--size", &w, &h, NULL) && w == 7 && h == 7);
    static const char *const bad[] = {"", "x", "3x", "x3", "0x3", "3x4x5", "-1", "3 x 4"};
    for (gsize k = 0; k < G_N_ELEMENTS(bad); k++)
        ck_assert(!ts_parse_size(bad[k], "--size", &w, &h, NULL));
}
END_TEST

START_TEST(products_that_overflow_are_an_error)
{
    g_autoptr(GError) error = NULL;
    ck_assert_ptr_null(ts_try_alloc(G_MAXSIZE / 2, 3, "rows", &error));
    ck_assert(g_error_matches(error, TS_ERROR, TS_ERROR_NO_MEMORY));
    g_autofree char *zeroed = ts_try_alloc(10, 10, "rows", NULL);
    for (int i = 0; i < 100; i++)
        ck_assert_int_eq(zeroed[i], 0);
}
END_TEST

/* ---- random streams ---- */

/* The known answers that the authors of Philox publish with Random123. */
START_TEST(philox_known_answers)
{
    static const struct {
        guint32 counter[4], key[2], out[4];
    } cases[] = {
        {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
        {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
         {0xffffffff, 0xffffffff},
         {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
        {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
         {0xa4093822, 0x299f31d0},
         {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        guint32 out[4];
        ts_philox4x32(cases[i].counter, cases[i].key, out);
        for (int k = 0; k < 4; k++)
            ck_assert_uint_eq(out[k], cases[i].out[k]);
    }
}
END_TEST

START_TEST(a_stream_depends_on_its_whole_key_and_on_nothing_else)
{
    TsRng a, b;
    const struct {
        guint64 seed;
        const char *purpose;
        guint64 item;
    } keys[] = {
        {1, "p", 0}, {2, "p", 0}, {1, "q", 0}, {1, "p", 1}, {1, "p", G_GUINT64_CONSTANT(1) << 40}};
    guint64 first[G_N_ELEMENTS(keys)];
    for (gsize i = 0; i < G_N_ELEMENTS(keys); i++) {
        ts_rng_init(&a, keys[i].seed, keys[i].purpose, keys[i].item);
        first[i] = (guint64) ts_rng_next(&a) << 32 | ts_rng_next(&a);
        for (gsize j = 0; j < i; j++)
            ck_assert(first[i] != first[j]);
    }
    ts_rng_init(&a, 9, "p", 3);
    ts_rng_init(&b, 9, "p", 3);
    for (int i = 0; i < 1000; i++)
        ck_assert_uint_eq(ts_rng_next(&a), ts_rng_next(&b));
}
END_TEST

START_TEST(below_is_uniform)
{
    enum { N = 7, DRAWS = 70000 };
    int count[N] = {0};
    double chi_square = 0;
    TsRng rng;
    ts_rng_init(&rng, 3, "below", 0);
    for (int i = 0; i < DRAWS; i++)
        count[ts_rng_below(&rng, N)]++;
    for (int i = 0; i < N; i++)
        chi_square += pow(count[i] - DRAWS / N, 2) / (DRAWS / N);
    ck_assert_msg(chi_square < 22.5, "chi-square %g of 6 degrees, p < 0.001", chi_square);
    ck_assert_uint_eq(ts_rng_below(&rng, 1), 0);
}
END_TEST

START_TEST(shuffle_is_a_permutation)
{
    enum { N = 1000 };
    guint64 order[N];
    gboolean seen[N] = {FALSE};
    TsRng rng;
    for (int i = 0; i < N; i++)
        order[i] = i;
    ts_rng_init(&rng, 4, "shuffle", 0);
    ts_rng_shuffle(&rng, order, N);
    int at_home = 0;
    for (int i = 0; i < N; i++) {
        ck_assert(order[i] < N && !seen[order[i]]);
        seen[order[i]] = TRUE;
        at_home += order[i] == i;
    }
    ck_assert_int_lt(at_home, 10);
}
END_TEST

START_TEST(gsl_distributions_draw_from_the_stream)
{
    TsRng rng;
    double sum = 0, squares = 0;
    enum { N = 100000 };
    ts_rng_init(&rng, 5, "normal", 0);
    for (int i = 0; i < N; i++) {
        double z = ts_rng_normal(&rng);
        sum += z;
        squares += z * z;
    }
    ck_assert(fabs(sum / N) < 4 / sqrt(N));
    ck_assert(fabs(squares / N - 1) < 4 * sqrt(2.0 / N));
    TsRng a, b;
    ts_rng_init(&a, 5, "gamma", 0);
    ts_rng_init(&b, 5, "gamma", 0);
    ck_assert(gsl_ran_gamma(ts_rng_gsl(&a), 2, 1) == gsl_ran_gamma(ts_rng_gsl(&b), 2, 1));
}
END_TEST

/* ---- output files ---- */

static char *folder;

static void
make_folder(void)
{
    folder = g_dir_make_tmp("tessera-XXXXXX", NULL);
}

static void
remove_folder(void)
{
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    for (const char *name; (name = g_dir_read_name(dir)) != NULL;) {
        g_autofree char *path = g_build_filename(folder, name, NULL);
        g_remove(path);
    }
    g_rmdir(folder);
    g_free(folder);
}

static guint
n_files(void)
{
    guint n = 0;
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    while (g_dir_read_name(dir) != NULL)
        n++;
    return n;
}

START_TEST(a_file_appears_at_the_commit)
{
    g_autofree char *path = g_build_filename(folder, "out", NULL);
    g_autoptr(TsOutFile) out = ts_out_file_new(path, FALSE, NULL);
    ck_assert(ts_out_file_write(out, "abc", 3, NULL));
    ck_assert(!g_file_test(path, G_FILE_TEST_EXISTS));
    ck_assert(ts_out_file_commit(out, NULL));
    g_autofree char *text = NULL;
    ck_assert(g_file_get_contents(path, &text, NULL, NULL));
    ck_assert_str_eq(text, "abc");
    ck_assert_uint_eq(n_files(), 1);
}
END_TEST

START_TEST(without_a_commit_nothing_is_left_and_the_old_file_stays)
{
    g_autofree char *path = g_build_filename(folder, "out", NULL);
    ck_assert(ts_write_file(path, "old", 3, FALSE, NULL));
    TsOutFile *out = ts_out_file_new(path, TRUE, NULL);
    ck_assert(ts_out_file_write(out, "new", 3, NULL));
    ts_out_file_free(out);
    g_autofree char *text = NULL;
    ck_assert(g_file_get_contents(path, &text, NULL, NULL));
    ck_assert_str_eq(text, "old");
    ck_assert_uint_eq(n_files(), 1);
}
END_TEST

static gboolean
open_and_drop(guint64 item, gpointer data, GError **error)
{
    g_autofree char *path = g_build_filename(folder, "out", NULL);
    g_autoptr(TsOutFile) out = ts_out_file_new(path, TRUE, error);
    GStatBuf status;
    return out != NULL && g_stat(ts_out_file_temporary(out), &status) == 0 &&
           ((status.st_mode & 0777) == 0640 ||
            ts_error_set(error, TS_ERROR_IO, "mode %o", status.st_mode));
}

START_TEST(files_opened_by_many_threads_have_the_mode_of_the_umask)
{
    g_autoptr(GError) error = NULL;
    mode_t before = umask(027);
    ts_threads_set(8);
    gboolean done = ts_parallel_for(20000, open_and_drop, NULL, &error);
    ck_assert_uint_eq(umask(before), 027);
    ck_assert_msg(done, "%s", error != NULL ? error->message : "");
}
END_TEST

START_TEST(an_existing_file_is_replaced_only_on_demand)
{
    g_autofree char *path = g_build_filename(folder, "out", NULL);
    g_autoptr(GError) error = NULL;
    TsOutFile *late = ts_out_file_new(path, FALSE, NULL);
    ck_assert(ts_write_file(path, "old", 3, FALSE, NULL));
    ck_assert(!ts_write_file(path, "new", 3, FALSE, &error));
    ck_assert(strstr(error->message, "--force") != NULL);
    /* It came into being after the check of ts_out_file_new(). */
    ck_assert(!ts_out_file_commit(late, NULL));
    ts_out_file_free(late);
    ck_assert(ts_write_file(path, "new", 3, TRUE, NULL));
    ck_assert_uint_eq(n_files(), 1);
}
END_TEST

START_TEST(a_full_disk_is_an_error)
{
    g_autoptr(GError) error = NULL;
    ck_assert(!ts_write_file("/dev/full", "abc", 3, FALSE, &error));
    ck_assert(g_error_matches(error, TS_ERROR, TS_ERROR_IO));
    ck_assert(strstr(error->message, "No space left") != NULL);
    g_autoptr(GError) missing = NULL;
    ck_assert(!ts_write_file("/no/such/folder/file", "abc", 3, FALSE, &missing));
    ck_assert(strstr(missing->message, "/no/such/folder/file") != NULL);
}
END_TEST

/* ---- progress ---- */

static gint64 now;

static gint64
fake_clock(void)
{
    return now;
}

START_TEST(progress_shows_share_rate_and_time_left)
{
    char *screen = NULL;
    gsize n = 0;
    FILE *sink = open_memstream(&screen, &n);
    now = 0;
    TsProgress *progress = ts_progress_new("tile", 2000, "tiles");
    ts_progress_set_clock(progress, fake_clock, sink);
    now = 1000000;
    ts_progress_add(progress, 500);
    g_autofree char *text = ts_progress_render(progress, now);
    ck_assert_str_eq(text, "tile  [#####---------------]  25%  500/2000 tiles  500/s  0:03 left");
    ts_progress_free(progress);
    fclose(sink);
    ck_assert(strstr(screen, "500/2000") != NULL);
    ck_assert(screen[strlen(screen) - 1] == '\n');
    free(screen);
}
END_TEST

START_TEST(progress_draws_at_most_every_tenth_of_a_second)
{
    char *screen = NULL;
    gsize n = 0;
    FILE *sink = open_memstream(&screen, &n);
    now = 0;
    TsProgress *progress = ts_progress_new("x", 1000, "steps");
    ts_progress_set_clock(progress, fake_clock, sink);
    for (int i = 0; i < 1000; i++) {
        now += 1000; /* a second in all */
        ts_progress_add(progress, 1);
    }
    fflush(sink);
    int n_drawn = 0;
    for (const char *p = screen; (p = strchr(p, '\r')) != NULL; p++)
        n_drawn++;
    ck_assert_int_ge(n_drawn, 9);
    ck_assert_int_le(n_drawn, 10);
    ts_progress_free(progress);
    fclose(sink);
    free(screen);
}
END_TEST

/* ---- threads ---- */

static gboolean
square(guint64 item, gpointer data, GError **error)
{
    ((guint64 *) data)[item] = item * item;
    return TRUE;
}

static gboolean
fail_from_70(guint64 item, gpointer data, GError **error)
{
    return item < 70 || ts_error_set(error, TS_ERROR_FORMAT, "item %d", (int) item);
}

START_TEST(parallel_for_works_every_item_and_reports_the_lowest_error)
{
    guint64 squares[1000] = {0};
    for (guint n = 1; n <= 4; n++) {
        g_autoptr(GError) error = NULL;
        ts_threads_set(n);
        memset(squares, 0, sizeof squares);
        ck_assert(ts_parallel_for(1000, square, squares, &error));
        for (int i = 0; i < 1000; i++)
            ck_assert_uint_eq(squares[i], i * i);
        ck_assert(!ts_parallel_for(1000, fail_from_70, NULL, &error));
        ck_assert_str_eq(error->message, "item 70");
        ck_assert(ts_parallel_for(0, fail_from_70, NULL, NULL));
    }
}
END_TEST

START_TEST(denormals_are_off_in_every_compute_thread)
{
    int n_on = 0;
    ts_threads_set(4);
#pragma omp parallel reduction(+ : n_on)
    n_on += !ts_denormals_are_off();
    ck_assert_int_eq(n_on, 0);
    volatile double tiny = 1e-300, product = tiny * 1e-10;
    ck_assert(product == 0);
}
END_TEST

START_TEST(compute_threads_are_no_more_than_processors)
{
    ts_threads_set(1000);
    ck_assert_uint_eq(ts_threads_get(), 1000);
    ck_assert_int_le(omp_get_max_threads(), g_get_num_processors());
}
END_TEST

START_TEST(a_signal_stops_loops)
{
    g_autoptr(GError) error = NULL;
    guint64 squares[10];
    ts_interrupt_install();
    ck_assert(!ts_interrupt_check(&error));
    raise(SIGTERM);
    ck_assert(ts_interrupt_check(&error));
    ck_assert(g_error_matches(error, TS_ERROR, TS_ERROR_INTERRUPTED));
    g_clear_error(&error);
    ck_assert(!ts_parallel_for(10, square, squares, &error));
    ck_assert(g_error_matches(error, TS_ERROR, TS_ERROR_INTERRUPTED));
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("base");
    TCase *numbers = tcase_create("numbers");
    tcase_add_test(numbers, numbers_read_back_the_same);
    tcase_add_test(numbers, malformed_numbers_are_refused);
    tcase_add_test(numbers, sizes);
    tcase_add_test(numbers, products_that_overflow_are_an_error);
    suite_add_tcase(suite, numbers);
    TCase *rng = tcase_create("rng");
    tcase_add_test(rng, philox_known_answers);
    tcase_add_test(rng, a_stream_depends_on_its_whole_key_and_on_nothing_else);
    tcase_add_test(rng, below_is_uniform);
    tcase_add_test(rng, shuffle_is_a_permutation);
    tcase_add_test(rng, gsl_distributions_draw_from_the_stream);
    suite_add_tcase(suite, rng);
    TCase *files = tcase_create("outfile");
    tcase_set_timeout(files, 60); /* many files, on a machine that may be busy */
    tcase_add_checked_fixture(files, make_folder, remove_folder);
    tcase_add_test(files, a_file_appears_at_the_commit);
    tcase_add_test(files, without_a_commit_nothing_is_left_and_the_old_file_stays);
    tcase_add_test(files, files_opened_by_many_threads_have_the_mode_of_the_umask);
    tcase_add_test(files, an_existing_file_is_replaced_only_on_demand);
    tcase_add_test(files, a_full_disk_is_an_error);
    suite_add_tcase(suite, files);
    TCase *progress = tcase_create("progress");
    tcase_add_test(progress, progress_shows_share_rate_and_time_left);
    tcase_add_test(progress, progress_draws_at_most_every_tenth_of_a_second);
    suite_add_tcase(suite, progress);
    TCase *threads = tcase_create("threads");
    tcase_add_test(threads, parallel_for_works_every_item_and_reports_the_lowest_error);
    tcase_add_test(threads, denormals_are_off_in_every_compute_thread);
    tcase_add_test(threads, compute_threads_are_no_more_than_processors);
    tcase_add_test(threads, a_signal_stops_loops);
    suite_add_tcase(suite, threads);
    return unit_run(suite);
}
