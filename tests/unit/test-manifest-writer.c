/* Manifests written: what comes back, what is kept, and where paths point after a move. */
#include "base/error.h"
#include "base/rng.h"
#include "manifest/folder.h"
#include "manifest/writer.h"
#include "scratch.h"
#include "unit.h"

#include <stdlib.h>

static TsManifest *
must_read(const char *path)
{
    GError *error = NULL;
    TsManifest *manifest = ts_manifest_read(path, &error);
    ck_assert_msg(manifest != NULL, "%s", error != NULL ? error->message : "no message");
    return manifest;
}

static void
copy_all(const char *from, const char *to, const char *const *extra, const char *const *values)
{
    g_autoptr(TsManifest) m = must_read(from);
    g_autoptr(TsManifestWriter) w = ts_manifest_writer_new_like(to, m, extra, TRUE, NULL);
    ck_assert_ptr_nonnull(w);
    for (guint64 row = 0; row < ts_manifest_n_rows(m); row++)
        ck_assert(ts_manifest_writer_copy_row(w, m, row, values, NULL));
    ck_assert(ts_manifest_writer_commit(w, NULL));
}

START_TEST(what_is_put_comes_back)
{
    const char *const columns[] = {"text", "int", "double", "null", NULL};
    const char *const texts[] = {"", "a\tb\nc\rd\\e", "\\N", "caf\xC3\xA9 \xF0\x9F\x90\x88"};
    const gint64 ints[] = {0, -1, G_MININT64, G_MAXINT64};
    const double doubles[] = {0.1, -1e300, 3, 5e-324};
    g_autoptr(TsManifestWriter) w = ts_manifest_writer_new("m.tsv", columns, FALSE, NULL);
    for (int i = 0; i < 4; i++) {
        ts_manifest_writer_put(w, texts[i]);
        ts_manifest_writer_put_int(w, ints[i]);
        ts_manifest_writer_put_double(w, doubles[i]);
        ts_manifest_writer_put(w, NULL);
        ck_assert(ts_manifest_writer_end_row(w, NULL));
    }
    ck_assert(ts_manifest_writer_commit(w, NULL));
    g_autoptr(TsManifest) m = must_read("m.tsv");
    for (guint i = 0; i < 4; i++) {
        g_autofree char *text = ts_cell_unescape(ts_manifest_cell(m, i, 0));
        gint64 whole;
        double number;
        ck_assert_str_eq(text, texts[i]);
        ck_assert(ts_cell_to_int(ts_manifest_cell(m, i, 1), &whole) && whole == ints[i]);
        ck_assert(ts_cell_to_double(ts_manifest_cell(m, i, 2), &number) && number == doubles[i]);
        ck_assert(ts_cell_is_null(ts_manifest_cell(m, i, 3)));
    }
}
END_TEST

START_TEST(a_copy_in_the_same_folder_is_the_same_bytes)
{
    const char *text = "file_name\todd \\t column\tmask\nx.png\t1\\n2\tm.png\n\\N\t\\\\\t\\N\n";
    scratch_write("in.tsv", text);
    copy_all("in.tsv", "out.tsv", NULL, NULL);
    g_autofree char *out = scratch_read("out.tsv");
    ck_assert_str_eq(out, text);
}
END_TEST

START_TEST(extra_columns_replace_in_place_or_stand_behind)
{
    scratch_write("in.tsv", "file_name\tsplit\tnote\na\told\tn\n");
    const char *const extra[] = {"weight", "split", NULL};
    const char *const values[] = {NULL, "new\t1"};
    copy_all("in.tsv", "out.tsv", extra, values);
    g_autofree char *out = scratch_read("out.tsv");
    ck_assert_str_eq(out, "file_name\tsplit\tnote\tweight\na\tnew\\t1\tn\t\\N\n");
}
END_TEST

START_TEST(paths_move_with_the_manifest_and_back)
{
    const char *text = "file_name\tmask\tparent_b\tnote\n"
                       "a.png\t\\N\ta.png#0,0,1,1\ta.png\n"
                       "sub/b.png\tm/b.png\t\\N\tx\n"
                       "../other/c.png\t/abs/c.png\t../other/c.png\tx\n"
                       "t\\tab.png\t\\N\t\\N\tx\n";
    scratch_write("data/in.tsv", text);
    scratch_write("results/deep/keep", "");
    copy_all("data/in.tsv", "results/deep/out.tsv", NULL, NULL);
    copy_all("results/deep/out.tsv", "data/back.tsv", NULL, NULL);
    g_autofree char *out = scratch_read("results/deep/out.tsv");
    g_autofree char *back = scratch_read("data/back.tsv");
    ck_assert_str_eq(out, "file_name\tmask\tparent_b\tnote\n"
                          "../../data/a.png\t\\N\t../../data/a.png#0,0,1,1\ta.png\n"
                          "../../data/sub/b.png\t../../data/m/b.png\t\\N\tx\n"
                          "../../other/c.png\t/abs/c.png\t../../other/c.png\tx\n"
                          "../../data/t\\tab.png\t\\N\t\\N\tx\n");
    ck_assert_str_eq(back, text);
}
END_TEST

START_TEST(sources_of_tiles_move_and_other_sources_do_not)
{
    scratch_write("t/m.tsv", "file_name\tsource\tsrc_x\na.png\t../s.png\t0\n");
    scratch_write("t/n.tsv", "file_name\tsource\na.png\tward 7\n");
    const char *const names[] = {"t/m.tsv", "t/n.tsv"};
    const char *const expected[] = {"file_name\tsource\tsrc_x\nt/a.png\ts.png\t0\n",
                                    "file_name\tsource\nt/a.png\tward 7\n"};
    for (int i = 0; i < 2; i++) {
        copy_all(names[i], "out.tsv", NULL, NULL);
        g_autofree char *out = scratch_read("out.tsv");
        ck_assert_str_eq(out, expected[i]);
    }
}
END_TEST

START_TEST(parents_named_by_id_do_not_move)
{
    scratch_write("data/in.tsv", "id\tfile_name\tparent_b\n1\ta.png\t2\n");
    copy_all("data/in.tsv", "out.tsv", NULL, NULL);
    g_autofree char *out = scratch_read("out.tsv");
    ck_assert_str_eq(out, "id\tfile_name\tparent_b\n1\tdata/a.png\t2\n");
}
END_TEST

/* Every way from one folder to another names the same file. */
START_TEST(a_moved_path_names_the_same_file)
{
    static const char *const folders[] = {".", "a", "a/b", "c", "a/link"};
    static const char *const names[] = {"x", "./x", "b/x", "../x", "../a/x", "../../x", "../b/./x"};
    scratch_write("a/b/x", "");
    scratch_write("c/x", "");
    ck_assert_int_eq(symlink("../c", "a/link"), 0);
    for (gsize i = 0; i < G_N_ELEMENTS(folders); i++) {
        for (gsize j = 0; j < G_N_ELEMENTS(folders); j++) {
            TsRebase rebase;
            ts_rebase_init(&rebase, folders[i], folders[j]);
            for (gsize k = 0; k < G_N_ELEMENTS(names); k++) {
                g_autoptr(GString) moved = g_string_new(NULL);
                ts_rebase_append(&rebase, moved, (TsCell){names[k], strlen(names[k])});
                char *real_from = realpath(folders[i], NULL);
                char *real_to = realpath(folders[j], NULL);
                g_autofree char *before = g_canonicalize_filename(names[k], real_from);
                g_autofree char *after = g_canonicalize_filename(moved->str, real_to);
                ck_assert_msg(strcmp(before, after) == 0, "%s from %s to %s: %s", names[k],
                              folders[i], folders[j], moved->str);
                free(real_from);
                free(real_to);
            }
            ts_rebase_clear(&rebase);
        }
    }
}
END_TEST

START_TEST(folders_that_share_only_the_root_get_whole_paths)
{
    TsRebase rebase;
    ts_rebase_init(&rebase, "/nowhere/data", "/elsewhere");
    g_autoptr(GString) moved = g_string_new(NULL);
    ts_rebase_append(&rebase, moved, (TsCell){"a.png", 5});
    ck_assert_str_eq(moved->str, "/nowhere/data/a.png");
    ts_rebase_clear(&rebase);
    ts_rebase_init(&rebase, "/", "/elsewhere");
    g_string_truncate(moved, 0);
    ts_rebase_append(&rebase, moved, (TsCell){"a.png", 5});
    ck_assert_str_eq(moved->str, "/a.png");
    ts_rebase_clear(&rebase);
}
END_TEST

START_TEST(put_path_is_right_for_readers)
{
    scratch_write("out/keep", "");
    const char *const columns[] = {"file_name", NULL};
    g_autoptr(TsManifestWriter) w = ts_manifest_writer_new("out/m.tsv", columns, FALSE, NULL);
    ts_manifest_writer_put_path(w, "sheet.png");
    ck_assert(ts_manifest_writer_end_row(w, NULL));
    ts_manifest_writer_put_path(w, "out/t\tab.png");
    ck_assert(ts_manifest_writer_end_row(w, NULL));
    ck_assert(ts_manifest_writer_commit(w, NULL));
    g_autofree char *text = scratch_read("out/m.tsv");
    ck_assert_str_eq(text, "file_name\n../sheet.png\nt\\tab.png\n");
    g_autoptr(TsManifest) m = must_read("out/m.tsv");
    g_autofree char *path = ts_manifest_path(m, 0);
    ck_assert_str_eq(path, "out/../sheet.png");
}
END_TEST

START_TEST(nothing_appears_without_commit_and_nothing_is_replaced_unasked)
{
    const char *const columns[] = {"a", NULL};
    TsManifestWriter *w = ts_manifest_writer_new("m.tsv", columns, FALSE, NULL);
    ts_manifest_writer_free(w);
    ck_assert(!g_file_test("m.tsv", G_FILE_TEST_EXISTS));
    scratch_write("m.tsv", "old");
    g_autoptr(GError) error = NULL;
    ck_assert_ptr_null(ts_manifest_writer_new("m.tsv", columns, FALSE, &error));
    ck_assert(g_error_matches(error, TS_ERROR, TS_ERROR_IO));
    g_autofree char *text = scratch_read("m.tsv");
    ck_assert_str_eq(text, "old");
}
END_TEST

START_TEST(a_full_disk_is_an_error)
{
    const char *const columns[] = {"a", NULL};
    g_autoptr(TsManifestWriter) w = ts_manifest_writer_new("/dev/full", columns, FALSE, NULL);
    g_autoptr(GError) error = NULL;
    gboolean good = TRUE;
    for (int i = 0; good && i < 100000; i++) {
        ts_manifest_writer_put(w, "some text to fill the buffers with");
        good = ts_manifest_writer_end_row(w, &error);
    }
    ck_assert(!(good && ts_manifest_writer_commit(w, &error)));
    ck_assert_str_eq(error->message, "/dev/full: cannot be written: No space left on device");
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("manifest-writer");
    TCase *files = tcase_create("files");
    tcase_add_checked_fixture(files, scratch_enter, scratch_leave);
    tcase_add_test(files, what_is_put_comes_back);
    tcase_add_test(files, a_copy_in_the_same_folder_is_the_same_bytes);
    tcase_add_test(files, extra_columns_replace_in_place_or_stand_behind);
    tcase_add_test(files, paths_move_with_the_manifest_and_back);
    tcase_add_test(files, sources_of_tiles_move_and_other_sources_do_not);
    tcase_add_test(files, parents_named_by_id_do_not_move);
    tcase_add_test(files, a_moved_path_names_the_same_file);
    tcase_add_test(files, folders_that_share_only_the_root_get_whole_paths);
    tcase_add_test(files, put_path_is_right_for_readers);
    tcase_add_test(files, nothing_appears_without_commit_and_nothing_is_replaced_unasked);
    tcase_add_test(files, a_full_disk_is_an_error);
    suite_add_tcase(suite, files);
    return unit_run(suite);
}
