/* datacheck: find pictures that are broken, odd, or there twice. */
#include "datacheck.h"

#include "base/error.h"
#include "base/log.h"
#include "base/number.h"
#include "base/tool.h"
#include "check/hamming.h"
#include "check/sheet.h"
#include "layout/layout.h"

#include <string.h>

static struct {
    char *checks, *fail_on, *show, *hash, *label, *split, *root, *cache, *output, *sheet;
    char *dark, *light, *blurry, *low_information, *odd_aspect, *odd_size;
    int radius, diameter, sheet_pairs;
    gint64 limit, max_pairs;
} opt = {.radius = 4, .diameter = -1, .sheet_pairs = 100, .limit = -1, .max_pairs = 20000000};

static const GOptionEntry entries[] = {
    {"checks", 0, 0, G_OPTION_ARG_STRING, &opt.checks, "What to look for (default: all)", "LIST"},
    {"fail-on", 0, 0, G_OPTION_ARG_STRING, &opt.fail_on,
     "Exit with status 1 if one of these is found, such as leak,unreadable; or all", "LIST"},
    {"dark", 0, 0, G_OPTION_ARG_STRING, &opt.dark,
     "99 % of the pixels are darker than this (default: 0.32)", "T"},
    {"light", 0, 0, G_OPTION_ARG_STRING, &opt.light,
     "95 % of the pixels are within this of white (default: 0.05)", "T"},
    {"blurry", 0, 0, G_OPTION_ARG_STRING, &opt.blurry, "Sharpness is less (default: 0.29)", "T"},
    {"low-information", 0, 0, G_OPTION_ARG_STRING, &opt.low_information,
     "A tenth of the entropy in bits is less (default: 0.3)", "T"},
    {"odd-aspect", 0, 0, G_OPTION_ARG_STRING, &opt.odd_aspect,
     "Shorter side / longer side is less (default: 0.35)", "T"},
    {"odd-size", 0, 0, G_OPTION_ARG_STRING, &opt.odd_size,
     "sqrt(width x height) is F interquartile ranges outside of the quartiles (default: 3)", "F"},
    {"hash", 0, 0, G_OPTION_ARG_STRING, &opt.hash,
     "Near-duplicates agree in all of these: phash, dhash, ahash (default: phash,dhash)", "LIST"},
    {"radius", 'r', 0, G_OPTION_ARG_INT, &opt.radius,
     "... in all but R of 64 bits, 0 to 32 (default: 4)", "R"},
    {"diameter", 0, 0, G_OPTION_ARG_INT, &opt.diameter,
     "No two of a group differ in more bits (default: 2 R)", "D"},
    {"max-pairs", 0, 0, G_OPTION_ARG_INT64, &opt.max_pairs,
     "Give up at more near pairs (default: 20000000)", "N"},
    {"label", 0, 0, G_OPTION_ARG_STRING, &opt.label,
     "Column of the classes, used if it is there (default: label)", "COLUMN"},
    {"split", 0, 0, G_OPTION_ARG_STRING, &opt.split,
     "Column of the splits, used if it is there (default: split)", "COLUMN"},
    {"root", 0, 0, G_OPTION_ARG_FILENAME, &opt.root, "Where relative file names start", "DIR"},
    {"cache", 0, 0, G_OPTION_ARG_FILENAME, &opt.cache,
     "Keep measures here; pictures that did not change are not read again", "FILE"},
    {"output", 'o', 0, G_OPTION_ARG_FILENAME, &opt.output,
     "Write the rows with columns issues, dup_group, dup_keep; - for standard output", "FILE"},
    {"sheet", 0, 0, G_OPTION_ARG_FILENAME, &opt.sheet,
     "Draw the pairs that were found, side by side", "FILE.png"},
    {"sheet-pairs", 0, 0, G_OPTION_ARG_INT, &opt.sheet_pairs,
     "At most N of them, 1 to 5000 (default: 100)", "N"},
    {"show", 0, 0, G_OPTION_ARG_STRING, &opt.show,
     "Which tables: leaks, conflicts, duplicates, pictures, summary (default: all)", "LIST"},
    {"limit", 0, 0, G_OPTION_ARG_INT64, &opt.limit,
     "At most N rows a table, 0 for all (default: 20 in tables, all in TSV and JSON)", "N"},
    G_OPTION_ENTRY_NULL,
};

/* What the options say. */
typedef struct {
    TsDuplicateOptions duplicates;
    guint32 fail_on;
    guint show;
} Plan;

static void
check_clear(DataCheck *check)
{
    ts_duplicates_free(check->duplicates);
    ts_inspection_free(check->seen);
    ts_dataset_free(check->dataset);
    ts_classes_free(check->labels);
    ts_classes_free(check->splits);
    ts_manifest_free(check->manifest);
    g_free(check->issues);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(DataCheck, check_clear)

static gboolean
parse_tables(guint *show, GError **error)
{
    static const char *const names[] = {"leaks", "conflicts", "duplicates", "pictures", "summary"};
    g_auto(GStrv) words = g_strsplit(
        opt.show != NULL ? opt.show : "leaks,conflicts,duplicates,pictures,summary", ",", -1);
    for (guint w = 0; words[w] != NULL; w++) {
        guint found = 0;
        for (guint i = 0; i < G_N_ELEMENTS(names); i++)
            found |= strcmp(words[w], names[i]) == 0 ? 1u << i : 0;
        if (found == 0)
            return ts_error_set(error, TS_ERROR_ARGUMENT,
                                "--show: '%s' is not leaks, conflicts, duplicates, pictures or "
                                "summary",
                                words[w]);
        *show |= found;
    }
    return *show != 0 || ts_error_set(error, TS_ERROR_ARGUMENT, "--show: names no table");
}

static gboolean
parse_hashes(guint *hashes, GError **error)
{
    g_auto(GStrv) words = g_strsplit(opt.hash != NULL ? opt.hash : "phash,dhash", ",", -1);
    for (guint w = 0; words[w] != NULL; w++) {
        const int hash = ts_hash_find(words[w]);
        if (hash < 0)
            return ts_error_set(error, TS_ERROR_ARGUMENT,
                                "--hash: '%s' is not phash, dhash or ahash", words[w]);
        *hashes |= 1u << hash;
    }
    return *hashes != 0 || ts_error_set(error, TS_ERROR_ARGUMENT, "--hash: names no hash");
}

static gboolean
parse_thresholds(TsThresholds *thresholds, GError **error)
{
    const struct {
        const char *text, *name;
        double largest, *value;
    } numbers[] = {
        {opt.dark, "--dark", 1, &thresholds->dark},
        {opt.light, "--light", 1, &thresholds->light},
        {opt.blurry, "--blurry", 1, &thresholds->blurry},
        {opt.low_information, "--low-information", 1, &thresholds->low_information},
        {opt.odd_aspect, "--odd-aspect", 1, &thresholds->odd_aspect},
        {opt.odd_size, "--odd-size", 1e6, &thresholds->odd_size},
    };
    *thresholds = ts_thresholds_defaults();
    for (guint i = 0; i < G_N_ELEMENTS(numbers); i++)
        if (numbers[i].text != NULL && !ts_parse_double(numbers[i].text, 0, numbers[i].largest,
                                                        numbers[i].name, numbers[i].value, error))
            return FALSE;
    return TRUE;
}

static gboolean
check_range(const char *option, gint64 value, gint64 low, gint64 high, GError **error)
{
    return (value >= low && value <= high) ||
           ts_error_set(error, TS_ERROR_ARGUMENT,
                        "%s: %" G_GINT64_FORMAT " is not between %" G_GINT64_FORMAT
                        " and %" G_GINT64_FORMAT,
                        option, value, low, high);
}

static gboolean
parse_duplicates(DataCheck *check, TsDuplicateOptions *how, GError **error)
{
    const int diameter = opt.diameter >= 0 ? opt.diameter : MIN(2 * opt.radius, 64);
    if (!check_range("--radius", opt.radius, 0, TS_HAMMING_MAX, error) ||
        !check_range("--diameter", diameter, opt.radius, 64, error) ||
        !check_range("--max-pairs", opt.max_pairs, 1, 200000000, error) ||
        !check_range("--sheet-pairs", opt.sheet_pairs, 1, TS_SHEET_MAX, error) ||
        !check_range("--limit", opt.limit, opt.limit == -1 ? -1 : 0, G_MAXINT64, error))
        return FALSE;
    *how = (TsDuplicateOptions){.near = (check->checks & 1u << TS_ISSUE_NEAR_DUPLICATE) != 0,
                                .radius = (guint) opt.radius,
                                .diameter = (guint) diameter,
                                .max_pairs = (guint64) opt.max_pairs};
    return parse_hashes(&how->hashes, error);
}

static gboolean
parse_options(DataCheck *check, Plan *plan, GError **error)
{
    return ts_issues_parse(opt.checks != NULL ? opt.checks : "all", "--checks", &check->checks,
                           error) &&
           (opt.fail_on == NULL ||
            ts_issues_parse(opt.fail_on, "--fail-on", &plan->fail_on, error)) &&
           parse_tables(&plan->show, error) && parse_thresholds(&check->thresholds, error) &&
           parse_duplicates(check, &plan->duplicates, error);
}

/* The values of a column; it has to be there if the user named it. */
static gboolean
read_column(const TsManifest *manifest, const char *name, const char *usual, TsClasses **values,
            GError **error)
{
    guint column;
    if (name != NULL && !ts_manifest_require_column(manifest, name, &column, error))
        return FALSE;
    if (ts_manifest_find_column(manifest, name != NULL ? name : usual) < 0)
        return TRUE;
    *values = ts_classes_new(manifest, name != NULL ? name : usual, error);
    return *values != NULL;
}

static gboolean
read_rows(DataCheck *check, const char *dataset, GError **error)
{
    guint64 n;
    check->manifest = ts_layout_read(dataset, error);
    if (check->manifest == NULL ||
        !read_column(check->manifest, opt.label, "label", &check->labels, error) ||
        !read_column(check->manifest, opt.split, "split", &check->splits, error))
        return FALSE;
    if (opt.root != NULL)
        ts_manifest_set_folder(check->manifest, opt.root);
    g_autofree guint64 *rows = ts_manifest_select(check->manifest, NULL, NULL, &n);
    check->dataset = ts_dataset_new(check->manifest, rows, n, NULL, error);
    return check->dataset != NULL;
}

static gboolean
look(DataCheck *check, const Plan *plan, GError **error)
{
    check->seen = ts_inspect(check->dataset, opt.cache, error);
    if (check->seen == NULL)
        return FALSE;
    if (opt.cache != NULL)
        ts_verbose("%s: %u of %u pictures were known", opt.cache, check->seen->n_cached,
                   check->seen->n);
    if (check->seen->n_rejected > 0)
        ts_warning("%s: %" G_GUINT64_FORMAT " lines are damaged; their pictures were read again",
                   opt.cache, check->seen->n_rejected);
    check->duplicates = ts_duplicates_find(
        check->seen->measures, check->seen->n, check->labels ? check->labels->of_row : NULL,
        check->splits ? check->splits->of_row : NULL,
        check->splits ? ts_classes_find(check->splits, "train") : -1, &plan->duplicates, error);
    if (check->duplicates == NULL)
        return FALSE;
    check->issues = ts_verdicts_compute(check->seen->measures, check->seen->n, check->duplicates,
                                        &check->thresholds, check->checks, error);
    return check->issues != NULL;
}

static gboolean
print_report(const DataCheck *check, const Plan *plan, GError **error)
{
    if (g_strcmp0(opt.output, "-") == 0)
        return TRUE;
    g_autoptr(TsReport) report = ts_report_new();
    const gint64 limit = opt.limit >= 0 ? opt.limit : ts_tool_format() == TS_FORMAT_TABLE ? 20 : 0;
    return datacheck_add_tables(check, plan->show, limit, report, error) &&
           ts_report_print(report, ts_tool_format(), error);
}

/* Let the tool end with status 1 if what must not be was found. */
static void
judge(const DataCheck *check, const Plan *plan)
{
    for (int issue = 0; issue < TS_ISSUES; issue++) {
        const guint32 n = plan->fail_on & 1u << issue ? datacheck_count(check, (TsIssue) issue) : 0;
        if (n == 0)
            continue;
        ts_log(TS_LOG_ERROR, "%s: %u picture%s", ts_issue_name((TsIssue) issue), n,
               n == 1 ? "" : "s");
        ts_tool_set_status(1);
    }
}

static gboolean
run(int n_args, char **args, GError **error)
{
    g_auto(DataCheck) check = {0};
    Plan plan = {0};
    if (!parse_options(&check, &plan, error) || !ts_tool_check_output(opt.output, error) ||
        !ts_tool_check_output(opt.sheet, error) ||
        !read_rows(&check, n_args > 0 ? args[0] : "-", error) || !look(&check, &plan, error) ||
        (opt.output != NULL && !datacheck_write_manifest(&check, opt.output, error)) ||
        (opt.sheet != NULL &&
         !datacheck_write_sheet(&check, opt.sheet, (guint) opt.sheet_pairs, error)) ||
        !print_report(&check, &plan, error))
        return FALSE;
    judge(&check, &plan);
    return TRUE;
}

int
main(int argc, char **argv)
{
    static const TsTool tool = {
        .name = "datacheck",
        .arguments = "[DATASET]",
        .summary = "Find pictures that are broken, odd, or there twice.",
        .description =
            "DATASET is a manifest (.tsv), a folder of pictures, any other layout of\n"
            "tessera-manifest(5), or - (default) for a manifest on standard input. Every picture\n"
            "is looked at once; nothing is ever deleted or changed. What is looked for:\n"
            "  leak             the same, or nearly, as one in another split\n"
            "  label-conflict   the same, or nearly, as one with another label\n"
            "  missing, unreadable, truncated, wrong-extension\n"
            "  constant, dark, light, blurry, low-information, odd-aspect, odd-size\n"
            "  exact-duplicate  equal to another, pixel by pixel\n"
            "  near-duplicate   with nearly the same perceptual hash as another",
        .examples = "  datacheck photos/\n"
                    "  datacheck --sheet pairs.png --cache photos.cache photos/\n"
                    "  datacheck --fail-on leak,unreadable --show leaks split.tsv\n"
                    "  datacheck -o checked.tsv photos/ && datasplit -o split.tsv checked.tsv",
        .flags = TS_TOOL_THREADS | TS_TOOL_PROGRESS | TS_TOOL_FORMAT | TS_TOOL_FORCE,
        .max_args = 1,
        .options = entries,
        .run = run,
    };
    return ts_tool_main(&tool, argc, argv);
}
