/* lib/base/spec: NAME:KEY=VALUE,... */
#include "unit.h"

#include "base/error.h"
#include "base/spec.h"

#include <string.h>

START_TEST(keys_are_read_and_defaults_kept)
{
    int width = 0;
    double dropout = 0, unused = 0;
    g_autoptr(TsSpec) spec = ts_spec_parse("cnn:width=24,dropout=0.5", "model", NULL);
    ck_assert_str_eq(ts_spec_name(spec), "cnn");
    ck_assert(ts_spec_int(spec, "width", 1, 100, 16, &width, NULL) && width == 24);
    ck_assert(ts_spec_double(spec, "dropout", 0, 1, 0.2, &dropout, NULL) && dropout == 0.5);
    ck_assert(ts_spec_double(spec, "other", 0, 1, 0.7, &unused, NULL) && unused == 0.7);
    ck_assert_ptr_null(ts_spec_text(spec, "another"));
    ck_assert(ts_spec_finish(spec, NULL));
    g_autoptr(TsSpec) plain = ts_spec_parse("mlp", "model", NULL);
    ck_assert_str_eq(ts_spec_name(plain), "mlp");
    ck_assert(ts_spec_finish(plain, NULL));
}
END_TEST

START_TEST(a_name_is_the_whole_text_or_ends_at_a_colon)
{
    ck_assert(ts_spec_is_named("ema", "ema") && ts_spec_is_named("ema:decay=0.9", "ema"));
    ck_assert(ts_spec_is_named("ema:", "ema"));
    ck_assert(!ts_spec_is_named("em", "ema") && !ts_spec_is_named("emaX", "ema"));
    ck_assert(!ts_spec_is_named("", "ema") && !ts_spec_is_named("decay:ema", "ema"));
}
END_TEST

START_TEST(what_cannot_be_read_is_said)
{
    static const struct {
        const char *text, *message;
    } cases[] = {{"cnn:", "model cnn: KEY=VALUE is expected behind ':'"},
                 {"cnn:width", "model cnn: 'width' is not of the form KEY=VALUE"},
                 {"cnn:=3", "model cnn: '=3' is not of the form KEY=VALUE"},
                 {"cnn:width=1,", "model cnn: '' is not of the form KEY=VALUE"},
                 {"cnn:width=1,width=2", "model cnn: 'width' is given twice"}};
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        ck_assert_ptr_null(ts_spec_parse(cases[i].text, "model", &error));
        ck_assert(g_error_matches(error, TS_ERROR, TS_ERROR_ARGUMENT));
        ck_assert_str_eq(error->message, cases[i].message);
    }
}
END_TEST

START_TEST(bounds_and_unknown_keys)
{
    int width;
    g_autoptr(GError) outside = NULL, unknown = NULL;
    g_autoptr(TsSpec) spec = ts_spec_parse("cnn:width=101,depth=3", "model", NULL);
    ck_assert(!ts_spec_int(spec, "width", 1, 100, 16, &width, &outside));
    ck_assert_ptr_nonnull(strstr(outside->message, "model cnn: width"));
    ck_assert(!ts_spec_finish(spec, &unknown));
    ck_assert_str_eq(unknown->message, "model cnn has no option 'depth', only: width");
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("spec");
    TCase *reads = tcase_create("reads");
    tcase_add_test(reads, keys_are_read_and_defaults_kept);
    tcase_add_test(reads, a_name_is_the_whole_text_or_ends_at_a_colon);
    tcase_add_test(reads, what_cannot_be_read_is_said);
    tcase_add_test(reads, bounds_and_unknown_keys);
    suite_add_tcase(suite, reads);
    return unit_run(suite);
}
