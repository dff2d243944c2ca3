/* The table: cells, rows, columns; what is accepted and what is refused with which words. */
#include "base/error.h"
#include "base/rng.h"
#include "manifest/manifest.h"
#include "scratch.h"
#include "unit.h"

static TsManifest *
parse(const char *text, GError **error)
{
    return ts_manifest_parse(g_strdup(text), strlen(text), "m.tsv", "data", error);
}

static TsManifest *
must_parse(const char *text)
{
    GError *error = NULL;
    TsManifest *manifest = parse(text, &error);
    ck_assert_msg(manifest != NULL, "%s", error != NULL ? error->message : "no message");
    return manifest;
}

static void
assert_cell(const TsManifest *manifest, guint64 row, guint column, const char *raw)
{
    TsCell cell = ts_manifest_cell(manifest, row, column);
    ck_assert_uint_eq(cell.length, strlen(raw));
    ck_assert_int_eq(memcmp(cell.text, raw, cell.length), 0);
}

START_TEST(unescape_of_escape_is_identity_for_random_bytes)
{
    TsRng rng;
    ts_rng_init(&rng, 1, "test", 0);
    for (int round = 0; round < 2000; round++) {
        char text[40] = {0};
        gsize n = ts_rng_below(&rng, sizeof text);
        for (gsize i = 0; i < n; i++)
            text[i] = (ts_rng_next(&rng) & 1) ? "\t\n\r\\Ntnr"[ts_rng_below(&rng, 8)]
                                              : (char) (1 + ts_rng_below(&rng, 255));
        g_autofree char *escaped = ts_escape(text);
        TsCell cell = {escaped, strlen(escaped)};
        g_autofree char *back = ts_cell_unescape(cell);
        ck_assert_str_eq(back, text);
        ck_assert_ptr_null(strpbrk(escaped, "\t\n\r"));
        ck_assert(ts_cell_equal(cell, text));
        ck_assert(!ts_cell_equal((TsCell){escaped, cell.length + 1}, text));
        text[n > 0 ? n - 1 : 0] ^= 1;
        ck_assert(!ts_cell_equal(cell, text) || n == 0);
    }
}
END_TEST

START_TEST(null_and_empty_and_backslash_n_are_three_things)
{
    g_autoptr(TsManifest) m = must_parse("a\tb\tc\n\\N\t\t\\\\N\n");
    ck_assert(ts_cell_is_null(ts_manifest_cell(m, 0, 0)));
    ck_assert(!ts_cell_is_null(ts_manifest_cell(m, 0, 1)));
    ck_assert(!ts_cell_is_null(ts_manifest_cell(m, 0, 2)));
    ck_assert_ptr_null(ts_cell_unescape(ts_manifest_cell(m, 0, 0)));
    ck_assert(ts_cell_equal(ts_manifest_cell(m, 0, 1), ""));
    ck_assert(!ts_cell_equal(ts_manifest_cell(m, 0, 0), ""));
    ck_assert(ts_cell_equal(ts_manifest_cell(m, 0, 2), "\\N"));
}
END_TEST

START_TEST(numbers_are_read_whole_or_not_at_all)
{
    static const struct {
        const char *text;
        gboolean is_int, is_double;
    } cases[] = {
        {"0", TRUE, TRUE},
        {"-17", TRUE, TRUE},
        {"9223372036854775807", TRUE, TRUE},
        {"9223372036854775808", FALSE, TRUE},
        {"1.5", FALSE, TRUE},
        {"1e3", FALSE, TRUE},
        {"", FALSE, FALSE},
        {" 1", FALSE, FALSE},
        {"1 ", FALSE, FALSE},
        {"\\N", FALSE, FALSE},
        {"nan", FALSE, FALSE},
        {"1e999", FALSE, FALSE},
        {"inf", FALSE, FALSE},
        {"1,5", FALSE, FALSE},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        TsCell cell = {cases[i].text, strlen(cases[i].text)};
        gint64 whole = 77;
        double number = 77;
        ck_assert_msg(ts_cell_to_int(cell, &whole) == cases[i].is_int, "'%s'", cases[i].text);
        ck_assert_msg(ts_cell_to_double(cell, &number) == cases[i].is_double, "'%s'",
                      cases[i].text);
        ck_assert(cases[i].is_int || whole == 77);
        ck_assert(cases[i].is_double || number == 77);
    }
}
END_TEST

START_TEST(rows_and_cells_are_those_of_the_text)
{
    g_autoptr(TsManifest) m = must_parse("file_name\tlabel\tnote\na.png\tcat\t\nb.png\t\\N\tx y");
    ck_assert_uint_eq(ts_manifest_n_rows(m), 2);
    ck_assert_uint_eq(ts_manifest_n_columns(m), 3);
    ck_assert_str_eq(ts_manifest_column_name(m, 2), "note");
    ck_assert_int_eq(ts_manifest_find_column(m, "note"), 2);
    ck_assert_int_eq(ts_manifest_find_column(m, "not"), -1);
    assert_cell(m, 0, 0, "a.png");
    assert_cell(m, 0, 2, "");
    assert_cell(m, 1, 1, "\\N");
    assert_cell(m, 1, 2, "x y");
    TsCell cells[3];
    ts_manifest_row(m, 1, cells);
    for (guint i = 0; i < 3; i++)
        ck_assert(ts_cell_same(cells[i], ts_manifest_cell(m, 1, i)));
    ck_assert_uint_eq(ts_manifest_line(m, 1), 3);
}
END_TEST

START_TEST(the_last_line_feed_may_be_missing_and_rows_too)
{
    g_autoptr(TsManifest) with = must_parse("a\n1\n2\n");
    g_autoptr(TsManifest) without = must_parse("a\n1\n2");
    g_autoptr(TsManifest) header = must_parse("a\tb");
    g_autoptr(TsManifest) empty_cells = must_parse("a\n\n\n");
    ck_assert_uint_eq(ts_manifest_n_rows(with), 2);
    ck_assert_uint_eq(ts_manifest_n_rows(without), 2);
    assert_cell(without, 1, 0, "2");
    ck_assert_uint_eq(ts_manifest_n_rows(header), 0);
    ck_assert_uint_eq(ts_manifest_n_rows(empty_cells), 2);
}
END_TEST

/* Around the borders of index blocks (256 rows) and of the pieces that are counted at once. */
START_TEST(every_row_is_found_in_long_tables)
{
    for (guint n = 254; n <= 515; n += 1) {
        g_autoptr(GString) text = g_string_new("number\tpad\n");
        for (guint i = 0; i < n; i++)
            g_string_append_printf(text, "%u\t%*s\n", i, (int) (i % 300), "");
        g_autoptr(TsManifest) m = must_parse(text->str);
        ck_assert_uint_eq(ts_manifest_n_rows(m), n);
        for (guint i = 0; i < n; i++) {
            gint64 number;
            ck_assert(ts_cell_to_int(ts_manifest_cell(m, i, 0), &number) && number == i);
            ck_assert_uint_eq(ts_manifest_cell(m, i, 1).length, i % 300);
        }
    }
}
END_TEST

typedef struct {
    const char *text;
    gsize n; /* 0: strlen */
    const char *message;
} Malformed;

static const Malformed malformed[] = {
    {"", 0,
     "m.tsv:1: empty, a header line such as file_name, label (with a tab between) was expected; "
     "did the command that writes it fail?"},
    {"\n", 0, "m.tsv:1: empty line, a header line"},
    {"\xEF\xBB\xBF"
     "a\n",
     0, "m.tsv:1: byte order mark"},
    {"a\tb\ta\n", 0, "m.tsv:1: column 'a' is there twice"},
    {"a\t\n", 0, "m.tsv:1: empty column name"},
    {"a\t\\N\n", 0, "m.tsv:1: empty column name"},
    {"a.png\tcat\n", 0, "m.tsv:1: 'a.png' is no column name"},
    {"a\r\n1\r\n", 0, "m.tsv:1: carriage return"},
    {"a\n1\n2\r\n", 0, "m.tsv:3: carriage return"},
    {"a\tb\n1\t2\n1\n", 0, "m.tsv:3: 1 field, the header has 2"},
    {"a\tb\n1\t2\t3\n", 0, "m.tsv:2: 3 fields, the header has 2"},
    {"a\tb\n1\t2\n\n", 0, "m.tsv:3: 1 field, the header has 2"},
    {"a\n1\0002\n", 6, "m.tsv:2: NUL byte"},
    {"a\0b\n1\n", 6, "m.tsv:1: NUL byte"},
    {"a\n\xFF\n", 0, "m.tsv:2: not UTF-8"},
    {"a\n\xED\xA0\x80\n", 0, "m.tsv:2: not UTF-8"},
    {"\xC3\n", 0, "m.tsv:1: not UTF-8"},
    {"a\nC:\\images\n", 0, "m.tsv:2: unknown escape"},
    {"a\tb\n1\\\t2\n", 0, "m.tsv:2: unknown escape"},
    {"a\n1\\", 0, "m.tsv:2: unknown escape"},
    {"a\nx\\N\n", 0, "m.tsv:2: \\N within text"},
    {"a\n\\Nx\n", 0, "m.tsv:2: \\N within text"},
};

START_TEST(malformed_text_is_refused_with_path_line_and_reason)
{
    const Malformed *one = &malformed[_i];
    gsize n = one->n > 0 ? one->n : strlen(one->text);
    g_autoptr(GError) error = NULL;
    g_autoptr(TsManifest) m = ts_manifest_parse(g_memdup2(one->text, n), n, "m.tsv", ".", &error);
    ck_assert_ptr_null(m);
    ck_assert(g_error_matches(error, TS_ERROR, TS_ERROR_FORMAT));
    ck_assert_msg(g_str_has_prefix(error->message, one->message), "'%s' instead of '%s'",
                  error->message, one->message);
}
END_TEST

START_TEST(a_line_of_more_than_16_mib_is_refused)
{
    gsize n = (16 << 20) + 10;
    char *text = g_malloc(n);
    memset(text, 'x', n);
    text[1] = '\n';
    g_autoptr(GError) error = NULL;
    g_autoptr(TsManifest) m = ts_manifest_parse(text, n, "m.tsv", ".", &error);
    ck_assert_ptr_null(m);
    ck_assert(g_str_has_prefix(error->message, "m.tsv:2: line of "));
}
END_TEST

START_TEST(a_missing_column_is_named_with_those_there_are)
{
    g_autoptr(TsManifest) m = must_parse("file_name\tclass\n");
    g_autoptr(GError) error = NULL;
    guint column;
    ck_assert(!ts_manifest_require_column(m, "label", &column, &error));
    ck_assert_str_eq(error->message,
                     "m.tsv:1: no column 'label', the header has: file_name, class");
}
END_TEST

START_TEST(select_gives_rows_in_order)
{
    g_autoptr(TsManifest) m = must_parse("split\ntrain\ntest\ntrain\n\\N\n");
    guint64 n;
    g_autofree guint64 *train = ts_manifest_select(m, "split", "train", &n);
    ck_assert_uint_eq(n, 2);
    ck_assert_uint_eq(train[0], 0);
    ck_assert_uint_eq(train[1], 2);
    g_autofree guint64 *all = ts_manifest_select(m, "split", NULL, &n);
    ck_assert_uint_eq(n, 4);
    ck_assert_uint_eq(all[3], 3);
    g_autofree guint64 *none = ts_manifest_select(m, "fold", "1", &n);
    ck_assert_uint_eq(n, 0);
    ck_assert_ptr_nonnull(none);
}
END_TEST

START_TEST(paths_start_at_the_folder_and_ids_tell_regions_apart)
{
    g_autoptr(TsManifest) m = must_parse("file_name\tx\ty\twidth\theight\tid\n"
                                         "a.png\t0\t20\t8\t9\t\\N\n"
                                         "/b.png\t\\N\t\\N\t\\N\t\\N\t\\N\n"
                                         "t\\tab.png\t0\t0\t1\t1\tseven\n");
    const char *const path[] = {"data/a.png", "/b.png", "data/t\tab.png"};
    const char *const id[] = {"a.png#0,20,8,9", "/b.png", "seven"};
    for (guint64 row = 0; row < 3; row++) {
        g_autofree char *row_path = ts_manifest_path(m, row);
        g_autofree char *row_id = ts_manifest_id(m, row);
        ck_assert_str_eq(row_path, path[row]);
        ck_assert_str_eq(row_id, id[row]);
    }
    ts_manifest_set_folder(m, ".");
    g_autofree char *plain = ts_manifest_path(m, 0);
    ck_assert_str_eq(plain, "a.png");
}
END_TEST

START_TEST(memory_is_at_most_one_and_a_half_of_the_text)
{
    g_autoptr(GString) text = g_string_new("file_name\tlabel\n");
    for (guint i = 0; i < 100000; i++)
        g_string_append_printf(text, "%05u.png\t%u\n", i, i % 10);
    g_autoptr(TsManifest) m = must_parse(text->str);
    ck_assert_uint_le(ts_manifest_n_bytes(m), text->len + text->len / 2);
}
END_TEST

START_TEST(files_that_are_no_datasets_are_named_for_what_they_are)
{
    static const char *const cases[][2] = {
        {"a.parquet", "a.parquet: looks like a Parquet table"},
        {"a.csv.gz", "a.csv.gz: looks like a compressed file"},
        {"a.PNG", "a.PNG: looks like a picture"},
        {"absent.tsv", "absent.tsv: cannot be read: "},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        if (!g_str_has_prefix(cases[i][0], "absent"))
            scratch_write(cases[i][0], "x");
        g_autoptr(GError) error = NULL;
        ck_assert_ptr_null(ts_manifest_read(cases[i][0], &error));
        ck_assert_msg(g_str_has_prefix(error->message, cases[i][1]), "%s", error->message);
    }
}
END_TEST

START_TEST(a_file_and_its_folder_are_read)
{
    scratch_write("set/manifest.tsv", "file_name\nx.png\n");
    g_autoptr(TsManifest) file = ts_manifest_read("set/manifest.tsv", NULL);
    g_autoptr(TsManifest) folder = ts_manifest_read("set", NULL);
    ck_assert_ptr_nonnull(file);
    ck_assert_ptr_nonnull(folder);
    ck_assert_str_eq(ts_manifest_folder(file), "set");
    ck_assert_str_eq(ts_manifest_folder(folder), "set");
    ck_assert_str_eq(ts_manifest_name(folder), "set/manifest.tsv");
    g_autofree char *where = ts_manifest_where(folder, 0);
    ck_assert_str_eq(where, "set/manifest.tsv:2");
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("manifest");
    TCase *table = tcase_create("table");
    tcase_add_test(table, unescape_of_escape_is_identity_for_random_bytes);
    tcase_add_test(table, null_and_empty_and_backslash_n_are_three_things);
    tcase_add_test(table, numbers_are_read_whole_or_not_at_all);
    tcase_add_test(table, rows_and_cells_are_those_of_the_text);
    tcase_add_test(table, the_last_line_feed_may_be_missing_and_rows_too);
    tcase_add_test(table, every_row_is_found_in_long_tables);
    tcase_add_loop_test(table, malformed_text_is_refused_with_path_line_and_reason, 0,
                        (int) G_N_ELEMENTS(malformed));
    tcase_add_test(table, a_line_of_more_than_16_mib_is_refused);
    tcase_add_test(table, a_missing_column_is_named_with_those_there_are);
    tcase_add_test(table, select_gives_rows_in_order);
    tcase_add_test(table, paths_start_at_the_folder_and_ids_tell_regions_apart);
    tcase_add_test(table, memory_is_at_most_one_and_a_half_of_the_text);
    suite_add_tcase(suite, table);
    TCase *files = tcase_create("files");
    tcase_add_checked_fixture(files, scratch_enter, scratch_leave);
    tcase_add_test(files, files_that_are_no_datasets_are_named_for_what_they_are);
    tcase_add_test(files, a_file_and_its_folder_are_read);
    suite_add_tcase(suite, files);
    return unit_run(suite);
}
