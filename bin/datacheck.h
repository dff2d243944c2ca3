/* The parts of datacheck: what was found, and the three forms in which it is told.
 *
 * datacheck-report.c: tables; datacheck-output.c: the manifest with findings, the contact sheet.
 */
#pragma once

#include "check/inspect.h"
#include "check/verdict.h"
#include "manifest/classes.h"
#include "stats/report.h"

G_BEGIN_DECLS

/* All that one run knows. Samples of the dataset are rows of the manifest. */
typedef struct {
    TsManifest *manifest;
    TsClasses *labels, *splits; /* NULL: no such column */
    TsDataset *dataset;
    TsInspection *seen;
    TsDuplicates *duplicates;
    guint32 *issues; /* set of 1 << TsIssue, of each picture */
    TsThresholds thresholds;
    guint32 checks; /* set of what is looked for */
} DataCheck;

/* Two pictures of which the first's nearest of some kind is the second. */
typedef struct {
    guint32 a, b;
    gint32 distance; /* as in TsNearest */
} DataCheckPair;

/* Every picture with its nearest one; two that are each other's are one pair. Nearest first, then
 * in order of rows. */
GArray *datacheck_pairs(const TsNearest *nearest, guint32 n);

/* Every copy with the picture that is kept of its group, in order of groups. */
GArray *datacheck_copies(const TsDuplicates *duplicates);

/* The name of a group: the first 16 digits of the MD5 of the pixels that are kept, so that it does
 * not change with file names and the order of rows. Free with g_free(). */
char *datacheck_group_name(const DataCheck *check, guint32 group);

/* How many pictures have the issue. */
guint32 datacheck_count(const DataCheck *check, TsIssue issue);

typedef enum {
    SHOW_LEAKS = 1,
    SHOW_CONFLICTS = 2,
    SHOW_DUPLICATES = 4,
    SHOW_PICTURES = 8,
    SHOW_SUMMARY = 16,
} DataCheckTables;

/* Add the tables of `show` with at most `limit` rows each (0: all). TS_ERROR_NO_MEMORY. */
gboolean datacheck_add_tables(const DataCheck *check, guint show, gint64 limit, TsReport *report,
                              GError **error);

/* Write the rows with the columns issues, dup_group and dup_keep. */
gboolean datacheck_write_manifest(const DataCheck *check, const char *path, GError **error);

/* Draw the first `n` pairs: leaks (red), conflicts (orange), copies that are equal (blue), others
 * (grey). Nothing is written, and said so, where nothing was found. */
gboolean datacheck_write_sheet(const DataCheck *check, const char *path, guint n, GError **error);

G_END_DECLS
