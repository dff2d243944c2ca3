/* Tar files: what is written is deterministic and reads back; what is read is checked. */
#include "scratch.h"
#include "unit.h"

#include "base/error.h"
#include "store/tar.h"
#include "store/tar_block.h"

/* A name of n bytes, with a '/' at each of the positions given (0-terminated). */
static char *
make_name(gsize n, const gsize *slashes)
{
    char *name = g_malloc(n + 1);
    memset(name, 'a', n);
    name[n] = '\0';
    for (; *slashes != 0; slashes++)
        name[*slashes] = '/';
    return name;
}

static void
write_members(const char *path, const char *const *names, GError **error)
{
    g_autoptr(TsTarWriter) tar = ts_tar_writer_new(path, TRUE, error);
    ck_assert_ptr_nonnull(tar);
    for (guint i = 0; names[i] != NULL; i++) {
        guint64 offset = 0;
        ck_assert(ts_tar_writer_add(tar, names[i], names[i], strlen(names[i]), &offset, error));
        ck_assert_uint_eq(offset % TS_TAR_BLOCK, 0);
        ck_assert_uint_gt(offset, 0);
    }
    guint64 n = ts_tar_writer_n_bytes(tar);
    ck_assert(ts_tar_writer_commit(tar, error));
    GStatBuf status;
    ck_assert_int_eq(g_stat(path, &status), 0);
    ck_assert_uint_eq((guint64) status.st_size, n);
}

/* Each member's bytes are its name. */
static void
check_members(const char *path, const char *const *names)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *whole = NULL;
    const TsTarMember *member;
    ck_assert(g_file_get_contents(path, &whole, NULL, NULL));
    g_autoptr(TsTarReader) reader = ts_tar_reader_open(path, &error);
    ck_assert_ptr_nonnull(reader);
    for (guint i = 0; names[i] != NULL; i++) {
        ck_assert_msg(ts_tar_reader_next(reader, &member, &error), "%s",
                      error != NULL ? error->message : "");
        ck_assert_ptr_nonnull(member);
        ck_assert_str_eq(member->name, names[i]);
        ck_assert_uint_eq(member->length, strlen(names[i]));
        ck_assert_mem_eq(member->data, names[i], member->length);
        ck_assert_mem_eq(whole + member->offset, names[i], member->length);
    }
    ck_assert(ts_tar_reader_next(reader, &member, &error));
    ck_assert_ptr_null(member);
    ck_assert(ts_tar_reader_next(reader, &member, &error));
    ck_assert_ptr_null(member);
}

START_TEST(names_of_every_length_read_back_with_true_offsets)
{
    static const gsize none[] = {0}, early[] = {3, 0}, middle[] = {120, 0}, late[] = {155, 200, 0},
                       deep[] = {10, 100, 200, 300, 400, 0};
    g_autofree char *n100 = make_name(100, none), *n101 = make_name(101, none);
    g_autofree char *split = make_name(103, early), *unsplit = make_name(105, early);
    g_autofree char *prefix = make_name(220, middle), *full = make_name(256, late);
    g_autofree char *pax = make_name(500, deep), *thousand = make_name(1000, deep);
    const char *names[] = {"a",    "b.png", n100, n101,     split,          unsplit,
                           prefix, full,    pax,  thousand, "\xc3\xa4.jpg", NULL};
    write_members("x.tar", names, NULL);
    check_members("x.tar", names);
    int status = 1;
    g_autofree char *listing = NULL;
    ck_assert(g_spawn_command_line_sync("tar --quoting-style=literal -tf x.tar", &listing, NULL,
                                        &status, NULL));
    ck_assert_int_eq(status, 0);
    g_autofree char *joined = g_strjoinv("\n", (char **) names);
    g_autofree char *expected = g_strconcat(joined, "\n", NULL);
    ck_assert_str_eq(listing, expected);
}
END_TEST

START_TEST(equal_members_give_equal_bytes)
{
    const char *names[] = {"a.jpg", "a.cls", NULL};
    g_autofree char *first = NULL, *second = NULL;
    gsize n_first, n_second;
    write_members("x.tar", names, NULL);
    g_usleep(1100000); /* another second */
    write_members("y.tar", names, NULL);
    ck_assert(g_file_get_contents("x.tar", &first, &n_first, NULL));
    ck_assert(g_file_get_contents("y.tar", &second, &n_second, NULL));
    ck_assert_uint_eq(n_first, n_second);
    ck_assert_mem_eq(first, second, n_first);
    const TsTarHeader *header = (const TsTarHeader *) first;
    ck_assert_str_eq(header->mode, "0000444");
    ck_assert_str_eq(header->mtime, "00000000000");
    ck_assert_str_eq(header->uid, "0000000");
}
END_TEST

static const char *const bad_names[] = {"", "/a", "a/", "..", "a/../b", "./a"};

START_TEST(names_that_lead_elsewhere_are_refused)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(TsTarWriter) tar = ts_tar_writer_new("x.tar", FALSE, NULL);
    ck_assert(!ts_tar_writer_add(tar, bad_names[_i], "", 0, NULL, &error));
    ck_assert(g_error_matches(error, TS_ERROR, TS_ERROR_ARGUMENT));
    ck_assert_ptr_nonnull(strstr(error->message, "no name for a member"));
}
END_TEST

START_TEST(without_a_commit_there_is_no_file)
{
    TsTarWriter *tar = ts_tar_writer_new("x.tar", FALSE, NULL);
    ck_assert(ts_tar_writer_add(tar, "a", "b", 1, NULL, NULL));
    ts_tar_writer_free(tar);
    ck_assert(!g_file_test("x.tar", G_FILE_TEST_EXISTS));
}
END_TEST

START_TEST(the_index_has_a_line_a_sample)
{
    g_autoptr(TsTarWriter) tar = ts_tar_writer_new("x.tar", FALSE, NULL);
    ck_assert(ts_tar_writer_add(tar, "d.1/a.jpg", "12345", 5, NULL, NULL));
    ck_assert(ts_tar_writer_add(tar, "d.1/a.mask.png", "1", 1, NULL, NULL));
    ck_assert(ts_tar_writer_add(tar, "d.1/b.jpg", "", 0, NULL, NULL));
    ck_assert(ts_tar_writer_write_index(tar, "x.index", FALSE, NULL));
    ck_assert(ts_tar_writer_commit(tar, NULL));
    g_autofree char *index = scratch_read("x.index");
    ck_assert_str_eq(index, "v1.2 2\n"
                            "jpg 512 5 d.1/a.jpg mask.png 1536 1 d.1/a.mask.png\n"
                            "jpg 2560 0 d.1/b.jpg\n");
}
END_TEST

START_TEST(an_index_refuses_what_it_cannot_hold)
{
    static const char *const names[] = {"a b.jpg", "a", ".hidden"};
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(TsTarWriter) tar = ts_tar_writer_new("x.tar", FALSE, NULL);
        ck_assert(!ts_tar_writer_write_index(tar, "x.index", FALSE, &error));
        ck_assert_ptr_nonnull(strstr(error->message, "no member"));
        g_clear_error(&error);
        ck_assert(ts_tar_writer_add(tar, names[i], "", 0, NULL, NULL));
        ck_assert(!ts_tar_writer_write_index(tar, "x.index", FALSE, &error));
        ck_assert_ptr_nonnull(strstr(error->message, names[i]));
    }
}
END_TEST

/* Members as GNU tar and Python write them are read. */
START_TEST(other_dialects_are_read)
{
    static const char *const formats[] = {"v7", "oldgnu", "gnu", "ustar", "pax"};
    const char *names[] = {"d/a.png", "d/b.png", NULL};
    const char *long_names[] = {NULL, "z", NULL};
    g_autofree char *long_name = make_name(150, (gsize[]){0});
    long_names[0] = long_name;
    scratch_write(names[0], names[0]);
    scratch_write(names[1], names[1]);
    scratch_write(long_name, long_name);
    scratch_write("z", "z");
    for (gsize i = 0; i < G_N_ELEMENTS(formats); i++) {
        gboolean holds = i == 1 || i == 2 || i == 4;
        g_autofree char *command =
            g_strdup_printf("tar --sort=name --format=%s -cf x.tar d", formats[i]);
        g_autofree char *longer =
            g_strdup_printf("tar --format=%s -cf y.tar %s z", formats[i], long_name);
        ck_assert(g_spawn_command_line_sync(command, NULL, NULL, NULL, NULL));
        check_members("x.tar", names);
        if (!holds)
            continue;
        ck_assert(g_spawn_command_line_sync(longer, NULL, NULL, NULL, NULL));
        check_members("y.tar", long_names);
    }
}
END_TEST

static void
set_checksum(TsTarHeader *header)
{
    g_snprintf(header->checksum, sizeof header->checksum, "%06o", ts_tar_checksum(header));
}

/* A tar of the member "a" (100 bytes) with the header changed by `change`. */
static const struct {
    const char *what, *message;
    gsize at; /* of the header */
    const char *bytes;
    gsize n;
} lies[] = {
    {"size beyond the file", "longer than the file", 124, "00000010000", 11},
    {"size of letters", "size of a member is no number", 124, "hello world", 11},
    {"negative size", "size of a member is no number", 124, "\xff\xff\xff\xff", 4},
    {"huge size", "size of a member is no number", 124,
     "\x80\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff", 12},
    {"sparse", "sparse", 156, "S", 1},
    {"pax of no record", "pax header is malformed", 156, "x", 1},
    {"long name with NUL", "long name is empty or has a NUL", 156, "L", 1},
};

START_TEST(headers_that_lie_are_named)
{
    guint8 tar[4 * TS_TAR_BLOCK] = {0};
    TsTarHeader *header = (TsTarHeader *) tar;
    g_autoptr(GError) error = NULL;
    const TsTarMember *member;
    memcpy(header->name, "a", 1);
    memcpy(header->size, "00000000144", 11);
    header->type = '0';
    memcpy(tar + TS_TAR_BLOCK, "x\0y", 3);
    memcpy(tar + lies[_i].at, lies[_i].bytes, lies[_i].n);
    set_checksum(header);
    g_autoptr(GBytes) bytes = g_bytes_new(tar, sizeof tar);
    g_autoptr(TsTarReader) reader = ts_tar_reader_new(bytes, "x.tar", &error);
    ck_assert_ptr_nonnull(reader);
    ck_assert(!ts_tar_reader_next(reader, &member, &error));
    ck_assert(g_error_matches(error, TS_ERROR, TS_ERROR_FORMAT));
    ck_assert_msg(strstr(error->message, lies[_i].message) != NULL, "%s: %s", lies[_i].what,
                  error->message);
}
END_TEST

START_TEST(a_file_that_is_cut_anywhere_is_refused)
{
    const char *names[] = {"a", "bb", NULL};
    g_autofree char *whole = NULL;
    gsize n;
    write_members("x.tar", names, NULL);
    ck_assert(g_file_get_contents("x.tar", &whole, &n, NULL));
    for (gsize cut = 0; cut < 2048 + TS_TAR_BLOCK; cut += 100) {
        g_autoptr(GError) error = NULL;
        const TsTarMember *member = NULL;
        g_autoptr(GBytes) bytes = g_bytes_new(whole, cut);
        g_autoptr(TsTarReader) reader = ts_tar_reader_new(bytes, "x.tar", &error);
        gboolean sound = reader != NULL;
        while (sound && (sound = ts_tar_reader_next(reader, &member, &error)) && member != NULL)
            ;
        ck_assert_msg(!sound, "cut at %zu", cut);
        ck_assert(g_error_matches(error, TS_ERROR, TS_ERROR_FORMAT));
    }
}
END_TEST

START_TEST(compressed_tars_are_refused_by_name)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) bytes = g_bytes_new("\x1f\x8b\x08", 3);
    ck_assert_ptr_null(ts_tar_reader_new(bytes, "x.tar.gz", &error));
    ck_assert_ptr_nonnull(strstr(error->message, "gunzip"));
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("tar");
    TCase *tcase = tcase_create("tar");
    tcase_add_checked_fixture(tcase, scratch_enter, scratch_leave);
    tcase_add_test(tcase, names_of_every_length_read_back_with_true_offsets);
    tcase_add_test(tcase, equal_members_give_equal_bytes);
    tcase_add_loop_test(tcase, names_that_lead_elsewhere_are_refused, 0, G_N_ELEMENTS(bad_names));
    tcase_add_test(tcase, without_a_commit_there_is_no_file);
    tcase_add_test(tcase, the_index_has_a_line_a_sample);
    tcase_add_test(tcase, an_index_refuses_what_it_cannot_hold);
    tcase_add_test(tcase, other_dialects_are_read);
    tcase_add_loop_test(tcase, headers_that_lie_are_named, 0, G_N_ELEMENTS(lies));
    tcase_add_test(tcase, a_file_that_is_cut_anywhere_is_refused);
    tcase_add_test(tcase, compressed_tars_are_refused_by_name);
    suite_add_tcase(suite, tcase);
    return unit_run(suite);
}
