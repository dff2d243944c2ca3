/* What the files of classstats share: the data of one run, and the tables made of it. */
#pragma once

#include "stats/class_counts.h"
#include "stats/class_table.h"
#include "stats/report.h"

typedef enum {
    SHOW_CLASSES = 1 << 0,
    SHOW_SPLITS = 1 << 1,
    SHOW_SUMMARY = 1 << 2,
    SHOW_LABELS = 1 << 3,
    SHOW_PAIRS = 1 << 4,
} ShowTables;

typedef struct {
    guint show; /* ShowTables */
    TsClassColumns columns;
    TsTiers tiers;
    char **terms; /* columns of weights */
    TsManifest *manifest;
    TsClassCounts *counts;
} ClassStats;

/* part / whole, NaN of nothing. */
double share_of(guint64 part, guint64 whole);

gboolean add_classes(const ClassStats *stats, TsReport *report, GError **error);
void add_splits(const ClassStats *stats, TsReport *report);
void add_summary(const ClassStats *stats, TsReport *report);
void add_labels(const ClassStats *stats, TsReport *report);
gboolean add_pairs(const ClassStats *stats, TsReport *report, GError **error);
