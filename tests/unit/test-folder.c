/* Which folders are replaced, and what of them is removed; writing that is broken off. */
#include "scratch.h"
#include "unit.h"

#include "base/error.h"
#include "base/folder.h"
#include "base/outfile.h"
#include "base/outfolder.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/syscall.h>

/* These take the place of the C library's for the whole process, tessera's library too. */
static gboolean cannot_exchange, fails_second;
static int n_writes = -1; /* -1: write() is as ever */

int
renameat2(int old_folder, const char *old, int new_folder, const char *new, unsigned flags)
{
    if (cannot_exchange) {
        errno = EINVAL;
        return -1;
    }
    return (int) syscall(SYS_renameat2, old_folder, old, new_folder, new, flags);
}

int
rename(const char *old, const char *new)
{
    if (fails_second && g_str_has_prefix(old, "new") &&
        g_file_test("out.old", G_FILE_TEST_EXISTS)) {
        errno = EACCES;
        return -1;
    }
    return (int) syscall(SYS_renameat2, AT_FDCWD, old, AT_FDCWD, new, 0);
}

ssize_t
write(int fd, const void *bytes, size_t n)
{
    if (n_writes < 0)
        return syscall(SYS_write, fd, bytes, n);
    errno = EINTR;
    return n_writes++ % 2 == 0 ? -1 : (ssize_t) syscall(SYS_write, fd, bytes, MIN(n, 3));
}

/* A folder of tessera's with two files. */
static void
make_owned(const char *path, const char *text)
{
    g_autofree char *a = g_build_filename(path, "a", NULL);
    g_autofree char *b = g_build_filename(path, "deep", "b", NULL);
    scratch_write(a, text);
    scratch_write(b, text);
    ck_assert(ts_folder_write_list(path, NULL));
}

static void
assert_refused(gboolean replace, int code, const char *message)
{
    g_autoptr(GError) error = NULL;
    ck_assert(!ts_folder_check_target("out", replace, &error));
    ck_assert_int_eq(error->code, code);
    ck_assert_msg(strstr(error->message, message) != NULL, "%s", error->message);
}

START_TEST(only_folders_that_tessera_wrote_are_replaced)
{
    ck_assert(ts_folder_check_target("out", FALSE, NULL));
    ck_assert_int_eq(g_mkdir("out", 0777), 0);
    ck_assert(ts_folder_check_target("out", FALSE, NULL));
    scratch_write("out/mine", "mine");
    assert_refused(FALSE, TS_ERROR_IO, "--force replaces it");
    assert_refused(TRUE, TS_ERROR_IO, "tessera did not write out/mine");
    ck_assert_int_eq(g_remove("out/mine"), 0);
    make_owned("out", "old");
    ck_assert(ts_folder_check_target("out", TRUE, NULL));
    ck_assert(ts_folder_check_target("out//", TRUE, NULL));
    scratch_write("out/deep/mine", "mine");
    assert_refused(TRUE, TS_ERROR_IO, "tessera did not write out/deep/mine");
    ck_assert_int_eq(g_remove("out/deep/mine"), 0);
    ck_assert_int_eq(chdir("out/deep"), 0);
    g_autoptr(GError) error = NULL;
    ck_assert(!ts_folder_check_target("..", TRUE, &error));
    ck_assert_int_eq(error->code, TS_ERROR_ARGUMENT);
}
END_TEST

START_TEST(a_list_that_points_outside_removes_nothing_there)
{
    g_autofree char *kept = NULL;
    scratch_write("mine", "mine");
    scratch_write("else/b", "mine");
    scratch_write("out/.tessera-files", "tessera files 1\n../mine\n/x\ndeep/b\nlink\nlink/b\n");
    scratch_write("out/deep/b", "ours");
    ck_assert_int_eq(symlink("../else", "out/link"), 0);
    scratch_write("new/a", "new");
    ck_assert(ts_folder_check_target("out", TRUE, NULL));
    ck_assert(ts_folder_give_name("new", "out", TRUE, &kept, NULL));
    ck_assert_ptr_null(kept);
    ck_assert(!g_file_test("new", G_FILE_TEST_EXISTS));
    g_autofree char *mine = scratch_read("mine"), *other = scratch_read("else/b");
    ck_assert_str_eq(mine, "mine");
    ck_assert_str_eq(other, "mine");
}
END_TEST

START_TEST(names_of_any_bytes_are_on_the_list)
{
    scratch_write("out/line\nend", "");
    scratch_write("out/line\\nend", "");
    scratch_write("out/\xff\xfe", "");
    scratch_write("out/tab\t", "");
    ck_assert(ts_folder_write_list("out", NULL));
    ck_assert(ts_folder_check_owned("out", NULL));
    g_autofree char *text = scratch_read("out/.tessera-files");
    ck_assert_str_eq(text, "tessera files 1\nline\\\\nend\nline\\nend\ntab\t\n\xff\xfe\n");
}
END_TEST

/* With and without a file system that exchanges names. */
START_TEST(what_came_into_the_old_folder_is_kept)
{
    g_autofree char *kept = NULL;
    cannot_exchange = _i;
    make_owned("out", "old");
    make_owned("new", "new");
    scratch_write("out/deep/mine", "mine");
    ck_assert_int_eq(g_mkdir("out.old", 0777), 0);
    ck_assert(ts_folder_give_name("new", "out", TRUE, &kept, NULL));
    ck_assert_str_eq(kept, "out.old.2");
    g_autofree char *a = scratch_read("out/a"), *mine = scratch_read("out.old.2/deep/mine");
    ck_assert_str_eq(a, "new");
    ck_assert_str_eq(mine, "mine");
    ck_assert(!g_file_test("out.old.2/a", G_FILE_TEST_EXISTS));
    ck_assert(!g_file_test("new", G_FILE_TEST_EXISTS));
}
END_TEST

START_TEST(a_failed_second_rename_brings_the_old_folder_back)
{
    g_autoptr(GError) error = NULL;
    cannot_exchange = fails_second = TRUE;
    make_owned("out", "old");
    make_owned("new", "new");
    ck_assert(!ts_folder_give_name("new", "out", TRUE, NULL, &error));
    fails_second = FALSE;
    ck_assert_int_eq(error->code, TS_ERROR_IO);
    g_autofree char *a = scratch_read("out/deep/b"), *b = scratch_read("new/a");
    ck_assert_str_eq(a, "old");
    ck_assert_str_eq(b, "new");
    ck_assert(!g_file_test("out.old", G_FILE_TEST_EXISTS));
}
END_TEST

START_TEST(a_folder_output_replaces_what_its_link_names)
{
    make_owned("real", "old");
    ck_assert_int_eq(symlink("real", "link"), 0);
    g_autoptr(TsOutFolder) out = ts_out_folder_new("link/", TRUE, NULL);
    ck_assert_ptr_nonnull(out);
    g_autofree char *path = g_build_filename(ts_out_folder_path(out), "c", NULL);
    scratch_write(path, "new");
    ck_assert(ts_out_folder_commit(out, NULL));
    g_autofree char *c = scratch_read("real/c");
    ck_assert_str_eq(c, "new");
    ck_assert(!g_file_test("real/a", G_FILE_TEST_EXISTS));
    ck_assert(g_file_test("link", G_FILE_TEST_IS_SYMLINK));
    ck_assert(ts_folder_check_target("real", TRUE, NULL));
    ck_assert_int_eq(symlink("gone", "out"), 0);
    assert_refused(TRUE, TS_ERROR_IO, "is a link to what is not there");
}
END_TEST

START_TEST(holding_looks_behind_links)
{
    scratch_write("out/a", "");
    scratch_write("outer/b", "");
    ck_assert_int_eq(symlink("out", "link"), 0);
    ck_assert(ts_folder_holds("out", "link/a"));
    ck_assert(ts_folder_holds("link", "out/a"));
    ck_assert(ts_folder_holds("out", "out"));
    ck_assert(!ts_folder_holds("out", "outer/b"));
    ck_assert(!ts_folder_holds("gone", "outer/b"));
}
END_TEST

START_TEST(writing_goes_on_after_signals_and_short_writes)
{
    int fd = open("file", O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
    ck_assert_int_ge(fd, 0);
    n_writes = 0;
    gboolean written = ts_write_all(fd, "0123456789", 10);
    int n = n_writes;
    n_writes = -1;
    ck_assert(written);
    ck_assert_int_eq(n, 8);
    ck_assert_int_eq(close(fd), 0);
    g_autofree char *text = scratch_read("file");
    ck_assert_str_eq(text, "0123456789");
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("folder");
    TCase *tcase = tcase_create("folder");
    tcase_add_checked_fixture(tcase, scratch_enter, scratch_leave);
    tcase_add_test(tcase, only_folders_that_tessera_wrote_are_replaced);
    tcase_add_test(tcase, a_list_that_points_outside_removes_nothing_there);
    tcase_add_test(tcase, names_of_any_bytes_are_on_the_list);
    tcase_add_loop_test(tcase, what_came_into_the_old_folder_is_kept, 0, 2);
    tcase_add_test(tcase, a_failed_second_rename_brings_the_old_folder_back);
    tcase_add_test(tcase, a_folder_output_replaces_what_its_link_names);
    tcase_add_test(tcase, holding_looks_behind_links);
    tcase_add_test(tcase, writing_goes_on_after_signals_and_short_writes);
    suite_add_tcase(suite, tcase);
    return unit_run(suite);
}
