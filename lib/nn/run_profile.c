/* profile.tsv of a run, and the same as a table. */
#include "nn/run_private.h"

#include "base/outfile.h"

#include <string.h>

static char *
render(const TsRun *run, TsReportFormat format)
{
    g_autoptr(TsReport) report = ts_report_new();
    const TsLoaderCosts costs = ts_loader_costs(run->train);
    ts_profile_report(run->profile, &costs, report);
    return ts_report_render(report, format);
}

char *
ts_run_profile_table(const TsRun *run)
{
    return run->profile != NULL ? render(run, TS_FORMAT_TABLE) : NULL;
}

gboolean
ts_run_write_profile(const TsRun *run, GError **error)
{
    if (run->profile == NULL)
        return TRUE;
    g_autofree char *text = render(run, TS_FORMAT_TSV);
    g_autofree char *path = g_build_filename(run->options.folder, "profile.tsv", NULL);
    return ts_write_file(path, text, strlen(text), TRUE, error);
}
