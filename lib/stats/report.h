/* Reports of tools: the same tables for a person, a pipe and a program.
 *
 * A report is a list of tables, each with a name, columns and rows. As table it is aligned for a
 * terminal; as TSV every table is a header line and rows, with an empty line between tables; as
 * JSON it is one object with an array of objects for each table. Numbers keep all their digits in
 * TSV and JSON. A list of values (a table with a name and a value in each row) is an object in
 * JSON.
 *
 *     g_autoptr(TsReport) report = ts_report_new();
 *     const char *const columns[] = {"class", "count", NULL};
 *     ts_report_begin(report, "classes", columns);
 *     ts_report_text(report, "cat");
 *     ts_report_int(report, 12);
 *     return ts_report_print(report, ts_tool_format(), error);
 */
#pragma once

#include "base/tool.h"

#include <glib.h>

G_BEGIN_DECLS

typedef struct _TsReport TsReport;

TsReport *ts_report_new(void);

/* Begin a table. Its rows are filled cell by cell; a row ends by itself when it is full. The tables
 * of a report have different names. A column called "" holds bars: it is drawn in the table form
 * and left out in the others. */
void ts_report_begin(TsReport *report, const char *name, const char *const *columns);

/* Begin a list of values, to be filled with ts_report_value_...(). Its columns in TSV are metric
 * and value. */
void ts_report_begin_values(TsReport *report, const char *name);

/* Add a cell. `text` NULL is \N, in JSON null, in a table "-"; a number that is not finite, too.
 * `decimals` are those of the table form. */
void ts_report_text(TsReport *report, const char *text);
void ts_report_int(TsReport *report, gint64 value);
void ts_report_double(TsReport *report, double value, int decimals);

/* Add a bar that fills `share` (0 to 1) of its column. */
void ts_report_bar(TsReport *report, double share);

void ts_report_value_text(TsReport *report, const char *name, const char *value);
void ts_report_value_int(TsReport *report, const char *name, gint64 value);
void ts_report_value_double(TsReport *report, const char *name, double value, int decimals);

/* The report as text. Free with g_free(). */
char *ts_report_render(const TsReport *report, TsReportFormat format);

/* Write the report to standard output. */
gboolean ts_report_print(const TsReport *report, TsReportFormat format, GError **error);

/* NULL is allowed. */
void ts_report_free(TsReport *report);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsReport, ts_report_free)

G_END_DECLS
