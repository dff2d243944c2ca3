/* What the files of classstats share: the data of one run, and the tables made of it. */
#pragma once

#include "sample/survey.h"
#include "stats/association.h"
#include "stats/class_counts.h"
#include "stats/class_table.h"
#include "stats/drift.h"
#include "stats/interval.h"
#include "stats/report.h"

typedef enum {
    SHOW_CLASSES = 1 << 0,
    SHOW_SPLITS = 1 << 1,
    SHOW_SUMMARY = 1 << 2,
    SHOW_INTERVALS = 1 << 3,
    SHOW_DRIFT = 1 << 4,
    SHOW_LABELS = 1 << 5,
    SHOW_PAIRS = 1 << 6,
    SHOW_SIZES = 1 << 7,
    SHOW_FORMATS = 1 << 8,
    SHOW_CHANNELS = 1 << 9,
    SHOW_PROPERTIES = 1 << 10,
    SHOW_MEANS = 1 << 11,
    SHOW_SHIFT = 1 << 12,
    SHOW_ANY_IMAGES =
        SHOW_SIZES | SHOW_FORMATS | SHOW_CHANNELS | SHOW_PROPERTIES | SHOW_MEANS | SHOW_SHIFT,
} ShowTables;

/* Two distributions over the same classes. */
typedef struct {
    char *a, *b;               /* their names */
    guint64 *counts;           /* (2, n): of a, of b */
    TsSampleGroups *groups[2]; /* of a, of b; or NULL: rows are drawn one by one */
    guint item_a, item_b;      /* of the bootstrap: equal numbers draw equal replicates */
    TsDrift drift;
} Comparison;

/* What a property of the images says about the class: those of TsProperty and bytes are numbers;
 * size, format and suffix are names. */
typedef struct {
    const char *name;
    guint label; /* of several: the one that it says most about */
    TsAssociation link;
} PropertyLink;

enum { N_NUMERIC = TS_N_PROPERTIES + 1, N_LINKS = N_NUMERIC + 3 };

typedef struct {
    guint show; /* ShowTables */
    TsClassColumns columns;
    TsTiers tiers;
    TsBootstrap bootstrap;
    char **terms; /* columns of weights */
    TsManifest *manifest;
    TsClassCounts *counts;
    TsSampleGroups **groups; /* (n_parts), or NULL: rows are drawn one by one */
    char **compared;         /* names of the classes of the comparisons, n_compared of them */
    guint n_compared;
    GPtrArray *comparisons; /* of Comparison */
    GPtrArray *checks;      /* of TsCondition */
    TsSurvey *survey;       /* of the images, or NULL */
    PropertyLink links[N_LINKS];
} ClassStats;

/* classstats-tables.c: numbers of a part (see TsClassCounts) by name, those of the summary and
 * some more. */
enum { N_SUMMARY = 16, N_NUMBERS = 20 };
extern const char *const part_numbers[N_NUMBERS];
void compute_numbers(const ClassStats *stats, const guint64 *counts, guint part,
                     double values[N_NUMBERS]);

gboolean add_classes(const ClassStats *stats, TsReport *report, GError **error);
void add_splits(const ClassStats *stats, TsReport *report);
void add_summary(const ClassStats *stats, TsReport *report);
void add_labels(const ClassStats *stats, TsReport *report);
gboolean add_pairs(const ClassStats *stats, TsReport *report, GError **error);
gboolean write_plot(const ClassStats *stats, const char *path, GError **error);

/* classstats-drift.c: comparisons of splits with each other, or with `against` unless that is
 * NULL. */
void compare_parts(ClassStats *stats, const TsClassCounts *against);

/* Let the bootstrap draw groups of column `column`, NULL: rows with all their labels; `other`, or
 * NULL, and its counts are those of the data set compared with. */
gboolean group_rows(ClassStats *stats, const char *column, const TsManifest *other,
                    const TsClassCounts *against, GError **error);
void comparison_free(gpointer data);
void add_drift(const ClassStats *stats, TsReport *report);
gboolean check_bootstrap(const ClassStats *stats, GError **error);
gboolean add_intervals(const ClassStats *stats, TsReport *report, GError **error);

/* Intervals of the shares of `part`, (n). NULL and an error if there is not the memory. */
TsInterval *compute_share_intervals(const ClassStats *stats, guint part, GError **error);

/* classstats-images.c */
gboolean survey_images(ClassStats *stats, gboolean keep_going, const char *rejects, GError **error);
gboolean add_sizes(ClassStats *stats, TsReport *report, GError **error);
void add_formats(const ClassStats *stats, TsReport *report);
void add_channels(const ClassStats *stats, TsReport *report);
gboolean add_properties(ClassStats *stats, TsReport *report, GError **error);

/* classstats-links.c: needs the survey. */
gboolean link_properties(ClassStats *stats, GError **error);
const PropertyLink *find_link(const ClassStats *stats, const char *name);
const double *property_values(const TsSurvey *survey, guint which); /* of N_NUMERIC */
void add_links(const ClassStats *stats, TsReport *report);

/* classstats-shift.c: needs comparisons of splits. */
gboolean add_shift(const ClassStats *stats, TsReport *report, GError **error);

/* classstats-checks.c */
gboolean parse_checks(ClassStats *stats, char **texts, gboolean with_images, GError **error);
gboolean run_checks(const ClassStats *stats, char **texts, TsReport *report, GError **error);
