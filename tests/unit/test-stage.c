/* What an unfinished folder is believed, and what of others is left alone. */
#include "scratch.h"
#include "unit.h"

#include "base/error.h"
#include "tiling/cut/stage.h"

#define JOURNAL "out.partial/.tile-journal"
static const char *const identity = "--size\t20\n";

/* Open the stage, compare its state, note another one. */
static void
go_on(const char *expected, const char *next)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(TsStage) stage = ts_stage_open("out", identity, FALSE, &error);
    ck_assert_msg(stage != NULL, "%s", error != NULL ? error->message : "");
    ck_assert_pstr_eq(ts_stage_state(stage), expected);
    ck_assert(ts_stage_checkpoint(stage, next, NULL));
}

START_TEST(a_torn_line_of_the_journal_is_not_joined_to_the_next)
{
    go_on(NULL, "done\t1");
    FILE *journal = fopen(JOURNAL, "a");
    ck_assert_ptr_nonnull(journal);
    fputs("done\t2", journal);
    ck_assert_int_eq(fclose(journal), 0);
    go_on("done\t1", "done\t3");
    go_on("done\t3", "done\t4");
}
END_TEST

/* A run with `now` where one with `was` is unfinished. */
static void
refused(const char *was, const char *now, const char *message)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(TsStage) first = ts_stage_open("other", was, TRUE, NULL);
    ck_assert(first != NULL && ts_stage_checkpoint(first, "done\t1", NULL));
    ts_stage_free(g_steal_pointer(&first));
    ck_assert_ptr_null(ts_stage_open("other", now, FALSE, &error));
    ck_assert_int_eq(error->code, TS_ERROR_IO);
    ck_assert_msg(strstr(error->message, message) != NULL, "%s", error->message);
    ck_assert_ptr_nonnull(strstr(error->message, "or give --force to begin anew"));
}

START_TEST(another_run_is_refused_and_what_differs_is_named)
{
    refused("--size\t20\n--edge\tpad\n", "--size\t20\n--edge\tdrop\n",
            "--edge was pad, now it is drop;");
    refused("--size\t20\n--edge\tpad\n", "--size\t20\n", "--edge was pad, now it is not given;");
    refused("--size\t20\n", "--stride\t5\n--size\t20\n", "--stride was not given, now it is 5;");
    refused("input a\t1\ninput b\t1\n", "input b\t1\ninput a\t1\n", "another order");
    g_autoptr(TsStage) stage = ts_stage_open("other", "--size\t30\n", TRUE, NULL);
    ck_assert_ptr_nonnull(stage);
    ck_assert_ptr_null(ts_stage_state(stage));
}
END_TEST

START_TEST(a_killed_replacement_is_no_obstacle)
{
    scratch_write("out.partial/.tessera-files", "tessera files 1\nb\n");
    scratch_write("out.partial/b", "old");
    go_on(NULL, "done\t1");
    ck_assert(!g_file_test("out.partial/b", G_FILE_TEST_EXISTS));
}
END_TEST

START_TEST(a_folder_without_a_journal_is_not_emptied)
{
    g_autoptr(GError) error = NULL;
    scratch_write("out.partial/mine", "kept");
    ck_assert_ptr_null(ts_stage_open("out", identity, TRUE, &error));
    ck_assert_int_eq(error->code, TS_ERROR_IO);
    g_autofree char *text = scratch_read("out.partial/mine");
    ck_assert_str_eq(text, "kept");
}
END_TEST

START_TEST(a_stage_without_a_checkpoint_leaves_nothing)
{
    TsStage *stage = ts_stage_open("out", identity, FALSE, NULL);
    ck_assert_ptr_nonnull(stage);
    ts_stage_free(stage);
    ck_assert(!g_file_test("out.partial", G_FILE_TEST_EXISTS));
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("stage");
    TCase *tcase = tcase_create("stage");
    tcase_add_checked_fixture(tcase, scratch_enter, scratch_leave);
    tcase_add_test(tcase, a_torn_line_of_the_journal_is_not_joined_to_the_next);
    tcase_add_test(tcase, another_run_is_refused_and_what_differs_is_named);
    tcase_add_test(tcase, a_killed_replacement_is_no_obstacle);
    tcase_add_test(tcase, a_folder_without_a_journal_is_not_emptied);
    tcase_add_test(tcase, a_stage_without_a_checkpoint_leaves_nothing);
    suite_add_tcase(suite, tcase);
    return unit_run(suite);
}
