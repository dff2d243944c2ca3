/* Rows counted by class and by split. */
#include "stats/class_counts.h"

#include "base/error.h"

/* The part of the split of `row`: behind "all", in order; the last one without a split. */
static guint
part_of_row(const TsClassCounts *self, guint64 row)
{
    gint32 split = self->splits->of_row[row];
    return split >= 0 ? 1 + (guint) split : self->n_parts - 1;
}

static void
count_row(TsClassCounts *self, guint part, guint64 row)
{
    guint64 *counts = self->counts + (gsize) part * self->n;
    gboolean is_labelled;
    if (self->sets != NULL) {
        is_labelled = self->sets->is_labelled[row];
        for (guint64 i = self->sets->first[row]; i < self->sets->first[row + 1]; i++)
            counts[self->sets->labels[i]]++;
    } else {
        is_labelled = self->classes->of_row[row] >= 0;
        if (is_labelled)
            counts[self->classes->of_row[row]]++;
    }
    self->labelled[part] += is_labelled;
    self->unlabelled[part] += !is_labelled;
}

static gboolean
read_columns(TsClassCounts *self, const TsManifest *manifest, const TsClassColumns *columns,
             GError **error)
{
    if (columns->is_multi)
        self->sets = ts_label_sets_new(manifest, columns->label, error);
    else
        self->classes = ts_classes_new(manifest, columns->label, error);
    if (self->sets == NULL && self->classes == NULL)
        return FALSE;
    self->n = self->sets != NULL ? self->sets->n : self->classes->n;
    self->names = self->sets != NULL ? self->sets->names : self->classes->names;
    if (columns->split != NULL)
        self->splits = ts_classes_new(manifest, columns->split, error);
    return columns->split == NULL || self->splits != NULL;
}

static void
name_parts(TsClassCounts *self)
{
    self->n_splits = self->splits != NULL ? self->splits->n : 0;
    self->n_parts = 1 + self->n_splits;
    self->n_parts += self->splits != NULL && self->splits->n_unlabelled > 0;
    self->parts = g_new0(const char *, (gsize) self->n_parts + 1);
    self->parts[0] = "all";
    for (guint i = 1; i < self->n_parts; i++)
        self->parts[i] = i <= self->n_splits ? self->splits->names[i - 1] : "(none)";
}

TsClassCounts *
ts_class_counts_new(const TsManifest *manifest, const TsClassColumns *columns, GError **error)
{
    g_autoptr(TsClassCounts) self = g_new0(TsClassCounts, 1);
    if (!read_columns(self, manifest, columns, error))
        return NULL;
    name_parts(self);
    self->labelled = g_new0(guint64, self->n_parts);
    self->unlabelled = g_new0(guint64, self->n_parts);
    self->counts = ts_try_alloc(self->n_parts, ((gsize) self->n + 1) * sizeof *self->counts,
                                "table of counts", error);
    if (self->counts == NULL)
        return NULL;
    for (guint64 row = 0; row < ts_manifest_n_rows(manifest); row++) {
        count_row(self, 0, row);
        if (self->splits != NULL)
            count_row(self, part_of_row(self, row), row);
    }
    return g_steal_pointer(&self);
}

const guint64 *
ts_class_counts_of(const TsClassCounts *self, guint part)
{
    g_assert(part < self->n_parts);
    return self->counts + (gsize) part * self->n;
}

int
ts_class_counts_find(const TsClassCounts *self, const char *name)
{
    int split = self->splits != NULL ? ts_classes_find(self->splits, name) : -1;
    return split >= 0 ? split + 1 : -1;
}

guint
ts_class_counts_train(const TsClassCounts *self)
{
    int train = ts_class_counts_find(self, "train");
    return train >= 0 ? (guint) train : 0;
}

static gboolean
is_in_part(const TsClassCounts *self, guint part, guint64 row)
{
    return part == 0 || part_of_row(self, row) == part;
}

/* Rows without a group are numbered behind the groups. */
static gint32
group_of_row(const TsClasses *groups, guint64 row)
{
    if (groups != NULL && groups->of_row[row] >= 0)
        return groups->of_row[row];
    return (gint32) ((groups != NULL ? groups->n : 0) + row);
}

/* A sample for each label of a row, and one of class n for the row. */
static TsSampleGroups *
group_sets(const TsClassCounts *self, guint part, const TsClasses *groups, GError **error)
{
    const TsLabelSets *sets = self->sets;
    guint64 n_groups = (groups != NULL ? groups->n : 0) + sets->n_rows, n = 0;
    if (n_groups > G_MAXINT32) {
        ts_error_set(error, TS_ERROR_RANGE, "too many rows to be drawn");
        return NULL;
    }
    guint64 n_samples = sets->first[sets->n_rows] + sets->n_rows;
    g_autofree gint32 *of_class = ts_try_alloc(n_samples + 1, sizeof *of_class, "groups", error);
    g_autofree gint32 *of_group =
        of_class != NULL ? ts_try_alloc(n_samples + 1, sizeof *of_group, "groups", error) : NULL;
    if (of_group == NULL)
        return NULL;
    for (guint64 row = 0; row < sets->n_rows; row++) {
        if (!sets->is_labelled[row] || !is_in_part(self, part, row))
            continue;
        for (guint64 i = sets->first[row]; i <= sets->first[row + 1]; i++, n++) {
            of_class[n] = (gint32) (i < sets->first[row + 1] ? sets->labels[i] : self->n);
            of_group[n] = group_of_row(groups, row);
        }
    }
    return ts_sample_groups_new(of_class, of_group, n, (guint) n_groups, error);
}

TsSampleGroups *
ts_class_counts_group(const TsClassCounts *self, guint part, const TsClasses *groups,
                      guint64 n_rows, GError **error)
{
    if (self->sets != NULL)
        return group_sets(self, part, groups, error);
    g_assert(groups != NULL);
    g_autofree gint32 *of_class = ts_try_alloc(n_rows + 1, sizeof *of_class, "groups", error);
    if (of_class == NULL)
        return NULL;
    for (guint64 row = 0; row < n_rows; row++)
        of_class[row] = is_in_part(self, part, row) ? self->classes->of_row[row] : -1;
    return ts_sample_groups_new(of_class, groups->of_row, n_rows, groups->n, error);
}

void
ts_class_counts_free(TsClassCounts *self)
{
    if (self == NULL)
        return;
    ts_classes_free(self->classes);
    ts_label_sets_free(self->sets);
    ts_classes_free(self->splits);
    g_free(self->parts);
    g_free(self->counts);
    g_free(self->labelled);
    g_free(self->unlabelled);
    g_free(self);
}
