/* CSV, JSON Lines and COCO as tables. */
#include "unit.h"

#include "base/error.h"
#include "store/table.h"

#include <string.h>

typedef TsTable *(*Parser)(const char *text, gsize n, const char *name, GError **error);

/* Columns joined by '|', then each row; "\N" for no value. */
static char *
show(Parser parse, const char *text)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(TsTable) table = parse(text, strlen(text), "t", &error);
    ck_assert_msg(table != NULL, "%s", error != NULL ? error->message : "");
    GString *shown = g_string_new(NULL);
    for (guint c = 0; c < ts_table_n_columns(table); c++)
        g_string_append_printf(shown, "%s%s", c > 0 ? "|" : "", ts_table_column_name(table, c));
    for (guint64 row = 0; row < ts_table_n_rows(table); row++)
        for (guint c = 0; c < ts_table_n_columns(table); c++) {
            const char *cell = ts_table_get(table, row, c);
            g_string_append_printf(shown, "%s%s", c > 0 ? "|" : "\n", cell != NULL ? cell : "\\N");
        }
    return g_string_free(shown, FALSE);
}

static const struct {
    Parser parse;
    const char *text, *shown;
} sound[] = {
    {ts_table_parse_csv, "a,b\n1,2\n", "a|b\n1|2"},
    {ts_table_parse_csv,
     "\xef\xbb\xbf"
     "a,b\r\n1,2\r\n3,4",
     "a|b\n1|2\n3|4"},
    {ts_table_parse_csv, "a,b\n\"x,\"\"y\"\"\nz\",\"\"\n,q\n\n\n", "a|b\nx,\"y\"\nz|\n\\N|q"},
    {ts_table_parse_csv, ",file\n0,a.jpg\n", "unnamed_1|file\n0|a.jpg"},
    {ts_table_parse_csv, "\"a\",b\n", "a|b"},
    {ts_table_parse_jsonl, "{\"a\": \"x\", \"b\": 1}\n\n{\"c\": 0.5, \"a\": null, \"b\": true}",
     "a|b|c\nx|1|\\N\n\\N|true|0.5"},
    {ts_table_parse_jsonl, "{\"o\": {\"bbox\": [[1, 2]]}, \"n\": -3}\r\n",
     "o|n\n{\"bbox\":[[1,2]]}|-3"},
    {ts_table_parse_coco,
     "{\"images\": [{\"id\": 7, \"file_name\": \"b.jpg\", \"width\": 10, \"height\": 10},"
     "{\"id\": \"x\", \"file_name\": \"a.jpg\"}, {\"id\": 1, \"file_name\": \"c.jpg\"}],"
     "\"categories\": [{\"id\": 1, \"name\": \"cat\"}, {\"id\": 3, \"name\": \"dog\"}],"
     "\"annotations\": [{\"image_id\": 1, \"category_id\": 3},"
     "{\"image_id\": 7, \"category_id\": 1, \"bbox\": [1.5, 2, 3.2, 0]},"
     "{\"image_id\": 7, \"category_id\": 3, \"bbox\": [-1, 8.5, 99, 5]}]}",
     "file_name|x|y|width|height|label|group\n"
     "b.jpg|1|2|4|1|cat|b.jpg\nb.jpg|0|8|10|2|dog|b.jpg\n"
     "a.jpg|\\N|\\N|\\N|\\N|\\N|a.jpg\nc.jpg|\\N|\\N|\\N|\\N|dog|c.jpg"},
};

START_TEST(sound_texts_are_read)
{
    g_autofree char *shown = show(sound[_i].parse, sound[_i].text);
    ck_assert_str_eq(shown, sound[_i].shown);
}
END_TEST

#define IMAGES "\"images\": [{\"id\": 1, \"file_name\": \"a\", \"width\": 9, \"height\": 9}]"
#define CATEGORIES "\"categories\": [{\"id\": 1, \"name\": \"c\"}]"
#define BOX(box)                                                                                   \
    "{" IMAGES "," CATEGORIES                                                                      \
    ",\"annotations\": [{\"image_id\": 1, \"category_id\": 1, \"bbox\": " box "}]}"

static const struct {
    Parser parse;
    const char *text, *message;
} malformed[] = {
    {ts_table_parse_csv, "", "t:1: is empty"},
    {ts_table_parse_csv, "\n\n", "t:1: is empty"},
    {ts_table_parse_csv, "a,a\n", "t:1: two columns are named 'a'"},
    {ts_table_parse_csv, "a;b\n1;2\n", "t:1: has no comma"},
    {ts_table_parse_csv, "a,b\n1\n", "t:2: has 1 fields, the header has 2"},
    {ts_table_parse_csv, "a,b\n1,2,3\n", "t:2: has 3 fields, the header has 2"},
    {ts_table_parse_csv, "a,b\n1,2\n\n3,4\n", "t:3: has 1 fields"},
    {ts_table_parse_csv, "a,b\n\"1\n\n,2\n", "t:2: the quote of a field is not closed"},
    {ts_table_parse_csv, "a,b\n\"x\ny\",2\n\"1\"z,2\n", "t:4: text behind the closing quote"},
    {ts_table_parse_csv, "a,b\n1\"x\",2\n", "t:2: a carriage return or a quote within"},
    {ts_table_parse_csv, "a,b\n1\r2,2\n", "t:2: a carriage return or a quote within"},
    {ts_table_parse_csv, "a,b\n1,\xff\n", "t:2: is not UTF-8"},
    {ts_table_parse_jsonl, "", "is empty"},
    {ts_table_parse_jsonl, "{}\n", "is empty"},
    {ts_table_parse_jsonl, "{\"a\": 1}\n[1]\n", "t:2: is no JSON object"},
    {ts_table_parse_jsonl, "{\"a\": 1}\n{\"a\": }\n", "t:2: is no JSON"},
    {ts_table_parse_jsonl, "{\"a\": 1, \"a\": 2}\n", "t:1: is no JSON: duplicate"},
    {ts_table_parse_jsonl, "{\"a\": \"\\u0000\"}\n", "t:1: is no JSON"},
    {ts_table_parse_coco, "[]", "is no COCO file"},
    {ts_table_parse_coco, "{\"images\": []}", "is no COCO file"},
    {ts_table_parse_coco, "{\n\"images\": ]", "t:2: is no JSON"},
    {ts_table_parse_coco, "{\"images\": [{\"id\": 1}], \"annotations\": []," CATEGORIES "}",
     "images[0]: has no id and file_name"},
    {ts_table_parse_coco,
     "{" IMAGES ", \"annotations\": [], \"categories\": [{\"id\": 1, \"name\": \"a\"},"
     "{\"id\": 1, \"name\": \"b\"}]}",
     "categories[1]: has the id of another"},
    {ts_table_parse_coco, "{" IMAGES "," CATEGORIES ", \"annotations\": [{\"image_id\": 2}]}",
     "annotations[0]: its image_id"},
    {ts_table_parse_coco, "{" IMAGES "," CATEGORIES ", \"annotations\": [{\"image_id\": 1}]}",
     "annotations[0]: its category_id"},
    {ts_table_parse_coco, BOX("[1, 2, 3]"), "annotations[0]: bbox is not"},
    {ts_table_parse_coco, BOX("[1, 2, 3, \"4\"]"), "annotations[0]: bbox is not"},
    {ts_table_parse_coco, BOX("[9, 0, 3, 4]"), "annotations[0]: bbox lies outside"},
    {ts_table_parse_coco,
     "{\"images\": [{\"id\": 1, \"file_name\": \"a\", \"width\": 9.5}]," CATEGORIES
     ",\"annotations\": [{\"image_id\": 1, \"category_id\": 1, \"bbox\": [9, 0, 3, 4]}]}",
     "annotations[0]: bbox lies outside"},
    {ts_table_parse_coco, BOX("[0, 0, -3, 4]"), "annotations[0]: bbox lies outside"},
};

START_TEST(malformed_texts_are_named_with_their_line)
{
    g_autoptr(GError) error = NULL;
    const char *text = malformed[_i].text;
    ck_assert_ptr_null(malformed[_i].parse(text, strlen(text), "t", &error));
    ck_assert(g_error_matches(error, TS_ERROR, TS_ERROR_FORMAT));
    ck_assert_msg(strstr(error->message, malformed[_i].message) != NULL, "%s", error->message);
}
END_TEST

START_TEST(deep_json_is_an_error)
{
    g_autoptr(GString) text = g_string_new("{\"a\": ");
    for (int i = 0; i < 100000; i++)
        g_string_append_c(text, '[');
    g_autoptr(GError) error = NULL;
    ck_assert_ptr_null(ts_table_parse_jsonl(text->str, text->len, "t", &error));
    ck_assert_msg(strstr(error->message, "depth") != NULL, "%s", error->message);
    g_clear_error(&error);
    ck_assert_ptr_null(ts_table_parse_coco(text->str, text->len, "t", &error));
    ck_assert_msg(strstr(error->message, "depth") != NULL, "%s", error->message);
}
END_TEST

START_TEST(names_of_their_own_in_each_row_do_not_fill_the_memory)
{
    g_autoptr(GString) text = g_string_new(NULL);
    for (int i = 0; i < 20000; i++)
        g_string_append_printf(text, "{\"k%d\": 1}\n", i);
    g_autoptr(GError) error = NULL;
    ck_assert_ptr_null(ts_table_parse_jsonl(text->str, text->len, "t", &error));
    ck_assert(g_error_matches(error, TS_ERROR, TS_ERROR_FORMAT));
    ck_assert_msg(g_str_has_prefix(error->message, "t:41") &&
                      strstr(error->message, "names are to be the same in all rows") != NULL,
                  "%s", error->message);
}
END_TEST

START_TEST(rows_with_few_of_many_columns_are_read)
{
    g_autoptr(GString) text = g_string_new(NULL);
    for (int i = 0; i < 20000; i++)
        g_string_append_printf(text, "{\"file_name\": \"images/%05d.png\", \"k%d\": 1.5}\n", i,
                               i % 200);
    g_autoptr(TsTable) table = ts_table_parse_jsonl(text->str, text->len, "t", NULL);
    ck_assert_ptr_nonnull(table);
    ck_assert_uint_eq(ts_table_n_columns(table), 201);
    ck_assert_str_eq(ts_table_get(table, 19999, 200), "1.5");
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("table");
    TCase *tcase = tcase_create("table");
    tcase_add_loop_test(tcase, sound_texts_are_read, 0, G_N_ELEMENTS(sound));
    tcase_add_loop_test(tcase, malformed_texts_are_named_with_their_line, 0,
                        G_N_ELEMENTS(malformed));
    tcase_add_test(tcase, deep_json_is_an_error);
    tcase_add_test(tcase, names_of_their_own_in_each_row_do_not_fill_the_memory);
    tcase_add_test(tcase, rows_with_few_of_many_columns_are_read);
    suite_add_tcase(suite, tcase);
    return unit_run(suite);
}
