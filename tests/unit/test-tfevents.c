/* CRC-32C, TFRecord framing and TensorBoard's event files. */
#include "unit.h"

#include "base/error.h"
#include "store/crc32c.h"
#include "store/tfevents.h"
#include "store/tfrecord.h"

#include <glib/gstdio.h>
#include <math.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>

/* The first record of a file written at that second by TensorFlow; checksums recomputed. */
static const guint8 version_record[] = {
    24,   0,    0,    0,    0,    0,    0,    0,          /* length */
    0xa3, 0x7f, 0x4b, 0x22,                               /* its checksum */
    0x09, 0x00, 0x00, 0x80, 0x38, 0x99, 0xd6, 0xd7, 0x41, /* wall_time */
    0x1a, 0x0d, 'b',  'r',  'a',  'i',  'n',  '.',  'E',  'v',
    'e',  'n',  't',  ':',  '2',  0x12, 0x4b, 0x36, 0xab};

/* RFC 3720, appendix B.4, and the usual one. */
START_TEST(crc32c_has_the_published_check_values)
{
    guint8 zeros[32] = {0}, ones[32], up[32], down[32];
    for (guint i = 0; i < 32; i++) {
        ones[i] = 0xff;
        up[i] = (guint8) i;
        down[i] = (guint8) (31 - i);
    }
    guint32 (*functions[])(guint32, const void *, gsize) = {ts_crc32c, ts_crc32c_plain};
    for (guint i = 0; i < G_N_ELEMENTS(functions); i++) {
        ck_assert_uint_eq(functions[i](0, "123456789", 9), 0xe3069283);
        ck_assert_uint_eq(functions[i](0, zeros, 32), 0x8a9136aa);
        ck_assert_uint_eq(functions[i](0, ones, 32), 0x62a8ab43);
        ck_assert_uint_eq(functions[i](0, up, 32), 0x46dd794e);
        ck_assert_uint_eq(functions[i](0, down, 32), 0x113fdb5c);
        ck_assert_uint_eq(functions[i](0, "", 0), 0);
    }
}
END_TEST

START_TEST(crc32c_is_the_same_by_table_in_parts_and_unaligned)
{
    guint8 bytes[100];
    for (guint i = 0; i < sizeof bytes; i++)
        bytes[i] = (guint8) (i * 37 + 11);
    for (guint begin = 0; begin < 9; begin++) {
        for (guint n = 0; n < 80; n++) {
            guint32 whole = ts_crc32c(0, bytes + begin, n);
            ck_assert_uint_eq(whole, ts_crc32c_plain(0, bytes + begin, n));
            guint32 part = ts_crc32c(0, bytes + begin, n / 3);
            ck_assert_uint_eq(whole, ts_crc32c(part, bytes + begin + n / 3, n - n / 3));
        }
    }
}
END_TEST

START_TEST(masked_checksums_are_as_the_format_says)
{
    guint64 length = GUINT64_TO_LE(24);
    ck_assert_uint_eq(ts_crc32c_mask(ts_crc32c(0, &length, 8)), 0x224b7fa3);
    ck_assert_uint_eq(ts_crc32c_mask(ts_crc32c(0, version_record + 12, 24)), 0xab364b12);
}
END_TEST

START_TEST(frames_are_as_the_format_says)
{
    g_autoptr(GByteArray) out = g_byte_array_new();
    guint64 length;
    ts_tfrecord_append(out, version_record + 12, 24);
    ck_assert_uint_eq(out->len, sizeof version_record);
    ck_assert_mem_eq(out->data, version_record, sizeof version_record);
    ck_assert_int_eq(ts_tfrecord_check(out->data, out->len, &length), TS_TFRECORD_WHOLE);
    ck_assert_uint_eq(length, 24);
    for (guint cut = 0; cut < out->len; cut++)
        ck_assert_int_eq(ts_tfrecord_check(out->data, cut, &length), TS_TFRECORD_SHORT);
    for (guint i = 0; i < out->len; i++) {
        out->data[i] ^= 1;
        ck_assert_int_eq(ts_tfrecord_check(out->data, out->len, &length),
                         i < 12 ? TS_TFRECORD_BAD_LENGTH : TS_TFRECORD_BAD_DATA);
        out->data[i] ^= 1;
    }
}
END_TEST

START_TEST(a_length_close_to_the_largest_number_is_only_short)
{
    static const guint64 lengths[] = {G_MAXUINT64, G_MAXUINT64 - 15, G_MAXINT64};
    for (guint i = 0; i < G_N_ELEMENTS(lengths); i++) {
        guint8 record[20] = {0};
        guint64 length = GUINT64_TO_LE(lengths[i]);
        guint32 crc = GUINT32_TO_LE(ts_crc32c_mask(ts_crc32c(0, &length, 8)));
        memcpy(record, &length, 8);
        memcpy(record + 8, &crc, 4);
        ck_assert_int_eq(ts_tfrecord_check(record, sizeof record, &length), TS_TFRECORD_SHORT);
        g_autoptr(GBytes) bytes = g_bytes_new(record, sizeof record);
        g_autoptr(TsEventReader) reader = ts_event_reader_new_for_bytes(bytes, "x");
        g_autoptr(GError) error = NULL;
        ck_assert_ptr_null(ts_event_reader_next(reader, &error));
        ck_assert_ptr_nonnull(strstr(error->message, "longer than 256 MiB"));
    }
}
END_TEST

static char *
scratch_new(void)
{
    return g_dir_make_tmp("tessera-XXXXXX", NULL);
}

static void
scratch_remove(const char *folder)
{
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    for (const char *name; (name = g_dir_read_name(dir)) != NULL;) {
        g_autofree char *path = g_build_filename(folder, name, NULL);
        g_unlink(path);
    }
    g_rmdir(folder);
}

START_TEST(a_written_file_reads_back)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *folder = scratch_new();
    g_autoptr(TsEventWriter) writer = ts_event_writer_new(folder, &error);
    ck_assert_ptr_nonnull(writer);
    ck_assert(ts_event_writer_add_scalar(writer, "loss/train", 0, 2.5f, &error));
    ck_assert(ts_event_writer_add_restart(writer, 7, &error));
    ck_assert(ts_event_writer_add_scalar(writer, "\xc3\xa9", G_MAXINT64, NAN, &error));
    ck_assert(ts_event_writer_add_scalar(writer, "z", -1, 0, &error));
    ck_assert(ts_event_writer_close(writer, &error));
    g_autoptr(TsEventReader) reader = ts_event_reader_new(ts_event_writer_path(writer), &error);
    const TsEvent *event = ts_event_reader_next(reader, &error);
    ck_assert_str_eq(event->file_version, "brain.Event:2");
    ck_assert(fabs(event->wall_time - g_get_real_time() / 1e6) < 100);
    event = ts_event_reader_next(reader, &error);
    ck_assert_ptr_null(event->file_version);
    ck_assert_uint_eq(event->n_scalars, 1);
    ck_assert_str_eq(event->scalars[0].tag, "loss/train");
    ck_assert(event->scalars[0].value == 2.5f && event->step == 0 && !event->restart);
    for (guint i = 0; i < 2; i++) {
        event = ts_event_reader_next(reader, &error);
        ck_assert(event->restart && event->step == 7 && event->n_scalars == 0);
    }
    event = ts_event_reader_next(reader, &error);
    ck_assert_str_eq(event->scalars[0].tag, "\xc3\xa9");
    ck_assert(isnan(event->scalars[0].value) && event->step == G_MAXINT64);
    event = ts_event_reader_next(reader, &error);
    ck_assert(event->step == -1 && event->scalars[0].value == 0);
    ck_assert_ptr_null(ts_event_reader_next(reader, &error));
    ck_assert_ptr_null(error);
    ck_assert(!ts_event_reader_at_partial_record(reader));
    scratch_remove(folder);
}
END_TEST

/* How many records of the file can be read now. */
static guint
count_records(const char *path)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(TsEventReader) reader = ts_event_reader_new(path, &error);
    guint n = 0;
    while (ts_event_reader_next(reader, &error) != NULL)
        n++;
    ck_assert_ptr_null(error);
    return n;
}

START_TEST(records_reach_the_file_by_tens_at_a_flush_and_at_the_end)
{
    g_autofree char *folder = scratch_new();
    TsEventWriter *writer = ts_event_writer_new(folder, NULL);
    g_autofree char *path = g_strdup(ts_event_writer_path(writer));
    ck_assert_uint_eq(count_records(path), 1);
    for (guint i = 0; i < 9; i++)
        ck_assert(ts_event_writer_add_scalar(writer, "a", i, 1, NULL));
    ck_assert_uint_eq(count_records(path), 1);
    ck_assert(ts_event_writer_add_scalar(writer, "a", 9, 1, NULL));
    ck_assert_uint_eq(count_records(path), 11);
    ck_assert(ts_event_writer_add_scalar(writer, "a", 10, 1, NULL));
    ck_assert(ts_event_writer_flush(writer, NULL));
    ck_assert_uint_eq(count_records(path), 12);
    ck_assert(ts_event_writer_add_scalar(writer, "a", 11, 1, NULL));
    ts_event_writer_free(writer);
    ck_assert_uint_eq(count_records(path), 13);
    scratch_remove(folder);
}
END_TEST

START_TEST(writers_of_one_folder_have_a_file_each_with_tensorboards_name)
{
    g_autofree char *folder = scratch_new();
    g_autofree char *run = g_build_filename(folder, "run", NULL);
    g_autoptr(TsEventWriter) first = ts_event_writer_new(run, NULL);
    g_autoptr(TsEventWriter) second = ts_event_writer_new(run, NULL);
    ck_assert_str_lt(ts_event_writer_path(first), ts_event_writer_path(second));
    g_autofree char *name = g_path_get_basename(ts_event_writer_path(first));
    ck_assert(g_regex_match_simple("^events\\.out\\.tfevents\\.[0-9]{10}\\..+\\.[0-9]+\\.[0-9]+$",
                                   name, 0, 0));
    ck_assert_uint_eq(count_records(ts_event_writer_path(second)), 1);
    scratch_remove(run);
    scratch_remove(folder);
}
END_TEST

START_TEST(a_new_file_stands_behind_those_of_the_folder_whatever_the_clock_says)
{
    g_autofree char *folder = scratch_new();
    static const char *const names[] = {"events.out.tfevents.5000000000.z.1.0",
                                        "events.out.tfevents.99999999999.z.1.0",
                                        "events.out.tfevents.x"};
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *path = g_build_filename(folder, names[i], NULL);
        ck_assert(g_file_set_contents(path, "", 0, NULL));
    }
    g_autoptr(TsEventWriter) writer = ts_event_writer_new(folder, NULL);
    ck_assert_ptr_nonnull(strstr(ts_event_writer_path(writer), "tfevents.5000000001."));
    scratch_remove(folder);
}
END_TEST

START_TEST(a_tag_must_be_text)
{
    static const char *const tags[] = {"", "\xff"};
    g_autofree char *folder = scratch_new();
    g_autoptr(TsEventWriter) writer = ts_event_writer_new(folder, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(tags); i++) {
        g_autoptr(GError) error = NULL;
        ck_assert(!ts_event_writer_add_scalar(writer, tags[i], 0, 1, &error));
        ck_assert(g_error_matches(error, TS_ERROR, TS_ERROR_ARGUMENT));
    }
    scratch_remove(folder);
}
END_TEST

START_TEST(a_folder_that_cannot_be_written_is_named)
{
    g_autoptr(GError) error = NULL;
    ck_assert_ptr_null(ts_event_writer_new("/dev/null/run", &error));
    ck_assert(g_error_matches(error, TS_ERROR, TS_ERROR_IO));
    ck_assert_ptr_nonnull(strstr(error->message, "/dev/null/run"));
    g_clear_error(&error);
    ck_assert_ptr_null(ts_event_reader_new("/nonexistent", &error));
    ck_assert_ptr_nonnull(strstr(error->message, "/nonexistent"));
}
END_TEST

/* A limit on the size of files stands for the full disk. */
START_TEST(a_full_disk_is_reported_and_leaves_whole_records_that_go_on_later)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *folder = scratch_new();
    g_autoptr(TsEventWriter) writer = ts_event_writer_new(folder, NULL);
    struct rlimit limit;
    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
    struct rlimit small = {.rlim_cur = sizeof version_record + 5, .rlim_max = limit.rlim_max};
    signal(SIGXFSZ, SIG_IGN);
    ck_assert(ts_event_writer_add_scalar(writer, "a", 1, 1, NULL));
    setrlimit(RLIMIT_FSIZE, &small);
    ck_assert(!ts_event_writer_flush(writer, &error));
    setrlimit(RLIMIT_FSIZE, &limit);
    ck_assert(g_error_matches(error, TS_ERROR, TS_ERROR_IO));
    ck_assert_ptr_nonnull(strstr(error->message, ts_event_writer_path(writer)));
    g_clear_error(&error);
    ck_assert_uint_eq(count_records(ts_event_writer_path(writer)), 1);
    ck_assert(ts_event_writer_close(writer, NULL));
    ck_assert_uint_eq(count_records(ts_event_writer_path(writer)), 2);
    scratch_remove(folder);
}
END_TEST

/* A reader meets a file at every point of its growth: no error, and all is read once it is there.
 */
START_TEST(a_growing_file_is_read_as_it_grows)
{
    g_autofree char *folder = scratch_new();
    g_autofree char *path = g_build_filename(folder, "tfevents", NULL);
    FILE *file = fopen(path, "w");
    g_autoptr(TsEventReader) reader = ts_event_reader_new(path, NULL);
    for (guint i = 0; i < 2 * sizeof version_record; i++) {
        g_autoptr(GError) error = NULL;
        ck_assert_ptr_null(ts_event_reader_next(reader, &error));
        ck_assert_ptr_null(error);
        ck_assert_int_eq(ts_event_reader_at_partial_record(reader), i % sizeof version_record != 0);
        fputc(version_record[i % sizeof version_record], file);
        fflush(file);
        if ((i + 1) % sizeof version_record == 0)
            ck_assert_str_eq(ts_event_reader_next(reader, &error)->file_version, "brain.Event:2");
    }
    fclose(file);
    scratch_remove(folder);
}
END_TEST

/* Payloads in a good frame. */
static const struct {
    const char *bytes;
    gsize n;
    gboolean is_event;
} payloads[] = {
    {"", 0, TRUE},                                      /* all defaults */
    {"\x10", 1, FALSE},                                 /* step without its number */
    {"\x09\x01", 2, FALSE},                             /* wall_time cut off */
    {"\x2a\x05\x0a", 3, FALSE},                         /* summary shorter than it says */
    {"\x2a\x02\x0a\x09", 4, FALSE},                     /* value longer than its summary */
    {"\x2a\x02\x0a\x00", 4, TRUE},                      /* a value without tag and number */
    {"\x2a\x04\x0a\x02\x0a\x00", 6, TRUE},              /* an empty tag, no number */
    {"\x22\x03xyz", 5, TRUE},                           /* a graph: passed over */
    {"\x2a\x06\x0a\x04\x22\x02\x08\x01", 8, TRUE},      /* an image: passed over */
    {"\x2a\x07\x0a\x05\x22\x03\x08\x01\x10", 9, FALSE}, /* one that is cut off */
    {"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 11, FALSE},
    {"\x0b", 1, FALSE},            /* a group */
    {"\x3a\x02\x08\x63", 4, TRUE}, /* session_log of status 99 */
};

START_TEST(payloads_that_are_no_event_are_named_and_passed_over)
{
    g_autoptr(GByteArray) file = g_byte_array_new();
    ts_tfrecord_append(file, payloads[_i].bytes, payloads[_i].n);
    g_byte_array_append(file, version_record, sizeof version_record);
    g_autoptr(GBytes) bytes = g_bytes_new(file->data, file->len);
    g_autoptr(TsEventReader) reader = ts_event_reader_new_for_bytes(bytes, "x");
    g_autoptr(GError) error = NULL;
    const TsEvent *event = ts_event_reader_next(reader, &error);
    ck_assert_int_eq(event != NULL, payloads[_i].is_event);
    if (event != NULL)
        ck_assert_uint_eq(event->n_scalars, 0);
    else
        ck_assert_str_eq(error->message, "x: record at byte 0: is not an event");
    g_clear_error(&error);
    ck_assert_str_eq(ts_event_reader_next(reader, &error)->file_version, "brain.Event:2");
}
END_TEST

START_TEST(a_bad_payload_is_passed_over_and_a_bad_length_ends_the_file)
{
    guint8 file[2 * sizeof version_record];
    memcpy(file, version_record, sizeof version_record);
    memcpy(file + sizeof version_record, version_record, sizeof version_record);
    file[20] ^= 1;
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) bytes = g_bytes_new(file, sizeof file);
    g_autoptr(TsEventReader) reader = ts_event_reader_new_for_bytes(bytes, "x");
    ck_assert_ptr_null(ts_event_reader_next(reader, &error));
    ck_assert(g_error_matches(error, TS_ERROR, TS_ERROR_FORMAT));
    g_clear_error(&error);
    ck_assert_ptr_nonnull(ts_event_reader_next(reader, &error));
    file[3] ^= 1;
    g_autoptr(GBytes) lost = g_bytes_new(file, sizeof file);
    g_autoptr(TsEventReader) again = ts_event_reader_new_for_bytes(lost, "x");
    for (guint i = 0; i < 2; i++) {
        ck_assert_ptr_null(ts_event_reader_next(again, &error));
        ck_assert_ptr_nonnull(strstr(error->message, "x: record at byte 0: "));
        g_clear_error(&error);
    }
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("tfevents");
    TCase *tcase = tcase_create("tfevents");
    tcase_add_test(tcase, crc32c_has_the_published_check_values);
    tcase_add_test(tcase, crc32c_is_the_same_by_table_in_parts_and_unaligned);
    tcase_add_test(tcase, masked_checksums_are_as_the_format_says);
    tcase_add_test(tcase, frames_are_as_the_format_says);
    tcase_add_test(tcase, a_length_close_to_the_largest_number_is_only_short);
    tcase_add_test(tcase, a_written_file_reads_back);
    tcase_add_test(tcase, records_reach_the_file_by_tens_at_a_flush_and_at_the_end);
    tcase_add_test(tcase, writers_of_one_folder_have_a_file_each_with_tensorboards_name);
    tcase_add_test(tcase, a_new_file_stands_behind_those_of_the_folder_whatever_the_clock_says);
    tcase_add_test(tcase, a_tag_must_be_text);
    tcase_add_test(tcase, a_folder_that_cannot_be_written_is_named);
    tcase_add_test(tcase, a_full_disk_is_reported_and_leaves_whole_records_that_go_on_later);
    tcase_add_test(tcase, a_growing_file_is_read_as_it_grows);
    tcase_add_loop_test(tcase, payloads_that_are_no_event_are_named_and_passed_over, 0,
                        G_N_ELEMENTS(payloads));
    tcase_add_test(tcase, a_bad_payload_is_passed_over_and_a_bad_length_ends_the_file);
    suite_add_tcase(suite, tcase);
    return unit_run(suite);
}
