/* Reports: what each of the three forms looks like. */
#include "stats/report.h"
#include "unit.h"

#include <math.h>
#include <string.h>

static TsReport *
example(void)
{
    static const char *const columns[] = {"class", "count", "share", "", NULL};
    TsReport *report = ts_report_new();
    ts_report_begin(report, "classes", columns);
    ts_report_text(report, "a\tb");
    ts_report_int(report, 9);
    ts_report_double(report, 0.1, 2);
    ts_report_bar(report, 0.125);
    ts_report_text(report, NULL);
    ts_report_int(report, -10);
    ts_report_double(report, NAN, 2);
    ts_report_bar(report, 0);
    ts_report_begin_values(report, "totals");
    ts_report_value_int(report, "rows", 12);
    ts_report_value_double(report, "ratio", 1.0 / 3, 3);
    ts_report_value_text(report, "note", "say \"hi\"\\");
    return report;
}

static void
assert_renders(const TsReport *report, TsReportFormat format, const char *expected)
{
    g_autofree char *text = ts_report_render(report, format);
    ck_assert_str_eq(text, expected);
}

START_TEST(a_table_is_aligned)
{
    g_autoptr(TsReport) report = example();
    assert_renders(report, TS_FORMAT_TABLE,
                   "class  count  share\n"
                   "a\\tb       9   0.10  ####\n"
                   "-        -10      -\n"
                   "\n"
                   "rows   12\n"
                   "ratio  0.333\n"
                   "note   say \"hi\"\\\\\n");
}
END_TEST

START_TEST(tsv_keeps_all_digits_and_escapes)
{
    g_autoptr(TsReport) report = example();
    assert_renders(report, TS_FORMAT_TSV,
                   "class\tcount\tshare\n"
                   "a\\tb\t9\t0.1\n"
                   "\\N\t-10\t\\N\n"
                   "\n"
                   "metric\tvalue\n"
                   "rows\t12\n"
                   "ratio\t0.3333333333333333\n"
                   "note\tsay \"hi\"\\\\\n");
}
END_TEST

START_TEST(json_is_one_object)
{
    g_autoptr(TsReport) report = example();
    assert_renders(report, TS_FORMAT_JSON,
                   "{\n  \"classes\": [\n"
                   "    {\"class\": \"a\\u0009b\", \"count\": 9, \"share\": 0.1},\n"
                   "    {\"class\": null, \"count\": -10, \"share\": null}\n  ],\n"
                   "  \"totals\": {\n    \"rows\": 12,\n    \"ratio\": 0.3333333333333333,\n"
                   "    \"note\": \"say \\\"hi\\\"\\\\\"\n  }\n}\n");
}
END_TEST

START_TEST(wide_and_combining_characters_keep_columns_straight)
{
    static const char *const columns[] = {"class", "n", NULL};
    static const char *const names[] = {"\xE7\x8C\xAB", "e\xCC\x81", "cat"};
    g_autoptr(TsReport) report = ts_report_new();
    ts_report_begin(report, "classes", columns);
    for (gsize i = 0; i < 3; i++) {
        ts_report_text(report, names[i]);
        ts_report_int(report, 1);
    }
    assert_renders(report, TS_FORMAT_TABLE,
                   "class  n\n\xE7\x8C\xAB     1\ne\xCC\x81      1\ncat    1\n");
}
END_TEST

START_TEST(control_characters_do_not_reach_a_terminal)
{
    static const char *const columns[] = {"class", NULL};
    g_autoptr(TsReport) report = ts_report_new();
    ts_report_begin(report, "classes", columns);
    ts_report_text(report, "\x1b[31mred\x07");
    g_autofree char *text = ts_report_render(report, TS_FORMAT_TABLE);
    ck_assert_str_eq(text, "class\n\\u001b[31mred\\u0007\n");
}
END_TEST

START_TEST(empty_tables_are_headers)
{
    static const char *const columns[] = {"class", "n", NULL};
    g_autoptr(TsReport) report = ts_report_new();
    ts_report_begin(report, "classes", columns);
    assert_renders(report, TS_FORMAT_TABLE, "class  n\n");
    assert_renders(report, TS_FORMAT_TSV, "class\tn\n");
    assert_renders(report, TS_FORMAT_JSON, "{\n  \"classes\": []\n}\n");
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("report");
    TCase *forms = tcase_create("forms");
    tcase_add_test(forms, a_table_is_aligned);
    tcase_add_test(forms, tsv_keeps_all_digits_and_escapes);
    tcase_add_test(forms, json_is_one_object);
    tcase_add_test(forms, wide_and_combining_characters_keep_columns_straight);
    tcase_add_test(forms, control_characters_do_not_reach_a_terminal);
    tcase_add_test(forms, empty_tables_are_headers);
    suite_add_tcase(suite, forms);
    return unit_run(suite);
}
