/* Checkpoints: what they hold, and every way in which one can be broken. */
#include "unit.h"

#include "base/error.h"
#include "scratch.h"
#include "tiny-trainer.h"

#include <string.h>

static const char architecture[] = "mlp:hidden=3";

/* The bytes of a checkpoint with something of every callback, written to "first.ckpt". */
static GBytes *
write_checkpoint(void)
{
    TinyTrainer tiny = tiny_trainer_new(architecture, "first.ckpt");
    tiny_trainer_pretend(&tiny);
    GError *error = NULL;
    ck_assert_msg(ts_trainer_write_checkpoint(tiny.trainer, &error), "%s",
                  error != NULL ? error->message : "");
    tiny_trainer_free(&tiny);
    char *text;
    gsize n;
    ck_assert(g_file_get_contents("first.ckpt", &text, &n, NULL));
    return g_bytes_new_take(text, n);
}

START_TEST(a_checkpoint_that_is_read_is_written_the_same)
{
    g_autoptr(GBytes) bytes = write_checkpoint();
    TinyTrainer tiny = tiny_trainer_new(architecture, "first.ckpt");
    GError *error = NULL;
    ck_assert_msg(ts_trainer_resume(tiny.trainer, &error), "%s",
                  error != NULL ? error->message : "");
    tiny.trainer->options.checkpoint = "second.ckpt";
    ck_assert(ts_trainer_write_checkpoint(tiny.trainer, NULL));
    tiny_trainer_free(&tiny);
    g_autofree char *text = NULL;
    gsize n;
    ck_assert(g_file_get_contents("second.ckpt", &text, &n, NULL));
    ck_assert_uint_eq(n, g_bytes_get_size(bytes));
    ck_assert_mem_eq(text, g_bytes_get_data(bytes, NULL), n);
}
END_TEST

START_TEST(a_checkpoint_cut_anywhere_is_refused)
{
    g_autoptr(GBytes) bytes = write_checkpoint();
    const gsize n = g_bytes_get_size(bytes);
    for (gsize cut = 0; cut < n; cut++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(GBytes) part = g_bytes_new_from_bytes(bytes, 0, cut);
        ck_assert_msg(ts_state_parse(part, "part", &error) == NULL, "%u bytes are read as a whole",
                      (guint) cut);
        ck_assert_msg(g_error_matches(error, TS_ERROR, TS_ERROR_FORMAT), "%u: %s", (guint) cut,
                      error->message);
        ck_assert(g_str_has_prefix(error->message, "part"));
    }
    /* By its file too, which the message names. */
    g_autoptr(GError) error = NULL;
    ck_assert(g_file_set_contents("cut.ckpt", g_bytes_get_data(bytes, NULL), 100, NULL));
    TinyTrainer tiny = tiny_trainer_new(architecture, "cut.ckpt");
    ck_assert(!ts_trainer_resume(tiny.trainer, &error));
    ck_assert(g_str_has_prefix(error->message, "cut.ckpt"));
    tiny_trainer_free(&tiny);
}
END_TEST

/* One value changed at a time, in the text of the file: of the same length, so that it stays whole.
 */
START_TEST(a_checkpoint_that_contradicts_itself_is_refused)
{
    static const struct {
        const char *from, *to, *message;
    } cases[] = {
        {"\"tessera 1\"", "\"tessera 2\"", "another format: the checkpoint has 'tessera 2'"},
        {"mlp:hidden=3", "mlp:hidden=4", "another architecture"},
        {"\"epoch\":\"1\"", "\"epoch\":\"2\"", "2 epochs are done, the history has 1"},
        {"\"batch\":\"0\"", "\"batch\":\"x\"", "batch 'x'"},
        {"\"history\":\"1\"", "\"history\":\"7\"", "the history has 7"},
        {"\"history.0\"", "\"history.x\"", "?"},
        {"\"optimizer\":\"adam\"", "\"optimizer\":\"lamb\"", "optimizer lamb"},
        {"\"earlystop.wait\"", "\"earlystop.weit\"", "earlystop.wait"},
        {"\"earlystop.best_epoch\":\"0\"", "\"earlystop.best_epoch\":\"5\"", "still to come"},
        {"\"ema.n\"", "\"ema.m\"", "ema.n"},
        {"\"rollback.n\"", "\"rollback.m\"", "rollback.n"},
        {"\"reduce-lr.wait\"", "\"reduce-lr.weit\"", "reduce-lr.wait"},
    };
    g_autoptr(GBytes) bytes = write_checkpoint();
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        gsize n;
        const char *data = g_bytes_get_data(bytes, &n);
        g_autofree char *copy = g_memdup2(data, n);
        char *there = memmem(copy, n, cases[i].from, strlen(cases[i].from));
        ck_assert_msg(there != NULL, "%s is not there", cases[i].from);
        ck_assert_uint_eq(strlen(cases[i].from), strlen(cases[i].to));
        memcpy(there, cases[i].to, strlen(cases[i].to));
        ck_assert(g_file_set_contents("changed.ckpt", copy, (gssize) n, NULL));
        g_autoptr(GError) error = NULL;
        TinyTrainer tiny = tiny_trainer_new(architecture, "changed.ckpt");
        ck_assert_msg(!ts_trainer_resume(tiny.trainer, &error), "%s", cases[i].to);
        ck_assert_msg(strstr(error->message, cases[i].message) != NULL, "%s: %s", cases[i].to,
                      error->message);
        ck_assert(g_str_has_prefix(error->message, "changed.ckpt"));
        tiny_trainer_free(&tiny);
    }
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("checkpoint");
    TCase *files = tcase_create("files");
    tcase_add_checked_fixture(files, scratch_enter, scratch_leave);
    tcase_add_test(files, a_checkpoint_that_is_read_is_written_the_same);
    tcase_add_test(files, a_checkpoint_cut_anywhere_is_refused);
    tcase_add_test(files, a_checkpoint_that_contradicts_itself_is_refused);
    suite_add_tcase(suite, files);
    return unit_run(suite);
}
