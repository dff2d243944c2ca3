/* Copies of samples: how many, and the key of each one's random streams. */
#include "sample/augment_plan.h"

#include "base/error.h"
#include "sample/recipe.h"
#include "sample/render.h"

#include <string.h>

/* FNV-1a over a text and its NUL. */
static guint64
hash_text(guint64 hash, const char *text)
{
    do
        hash = (hash ^ (guint8) *text) * G_GUINT64_CONSTANT(1099511628211);
    while (*text++ != '\0');
    return hash;
}

/* What the row is called, whatever its place: its id and the changes that it has already. */
static guint64
hash_row(const TsDataset *dataset, guint64 row)
{
    g_autofree char *id = ts_manifest_id(ts_dataset_manifest(dataset), row);
    g_autofree char *edits = ts_dataset_read_ops(dataset, row);
    guint64 hash = hash_text(G_GUINT64_CONSTANT(14695981039346656037), id != NULL ? id : "");
    return hash_text(hash, edits != NULL ? edits : "");
}

/* How many rows before this one have the same hash. */
static guint64
count_same(GHashTable *seen, guint64 hash)
{
    guint64 *count = g_hash_table_lookup(seen, &hash);
    if (count != NULL)
        return ++count[1];
    count = g_new(guint64, 2);
    count[0] = hash;
    count[1] = 0;
    g_hash_table_insert(seen, count, count);
    return 0;
}

/* Copies of each sample so that its class comes to the size of the largest one. */
static gboolean
balance(const TsDataset *dataset, const guint8 *chosen, guint64 *copies, GError **error)
{
    guint64 n = ts_dataset_n(dataset), largest = 0;
    gint32 n_classes = 0;
    for (guint64 i = 0; i < n; i++)
        n_classes = MAX(n_classes, ts_dataset_label(dataset, i) + 1);
    g_autofree guint64 *counts =
        ts_try_alloc(2 * ((gsize) n_classes + 1), sizeof *counts, "classes", error);
    if (counts == NULL)
        return FALSE;
    guint64 *seen = counts + n_classes + 1;
    for (guint64 i = 0; i < n; i++)
        if (chosen[i] && ts_dataset_label(dataset, i) >= 0)
            counts[ts_dataset_label(dataset, i)]++;
    for (gint32 c = 0; c < n_classes; c++)
        largest = MAX(largest, counts[c]);
    for (guint64 i = 0; i < n; i++) {
        gint32 label = ts_dataset_label(dataset, i);
        copies[i] = 0;
        if (!chosen[i] || label < 0)
            continue;
        guint64 missing = largest - counts[label];
        copies[i] = missing / counts[label] + (seen[label]++ < missing % counts[label] ? 1 : 0);
    }
    return TRUE;
}

static void
add_entries(TsAugmentPlan *plan, guint64 i, guint64 n_copies, gboolean keep, GHashTable *seen)
{
    guint64 hash = hash_row(plan->dataset, ts_dataset_row(plan->dataset, i));
    guint64 same = count_same(seen, hash);
    for (guint64 copy = keep ? 0 : 1; copy <= n_copies; copy++)
        plan->entries[plan->n++] = (TsAugmentEntry){
            .sample = i,
            .item = hash + (same << 32 | copy) * G_GUINT64_CONSTANT(0x9E3779B97F4A7C15),
            .copy = (guint) copy};
}

gboolean
ts_augment_plan_init(TsAugmentPlan *self, TsDataset *dataset, const guint8 *chosen,
                     const TsAugmentOptions *options, GError **error)
{
    guint64 n = ts_dataset_n(dataset), n_entries = 0;
    g_autofree guint64 *copies = ts_try_alloc(n, sizeof *copies, "plan", error);
    *self = (TsAugmentPlan){.dataset = dataset};
    if (copies == NULL)
        return FALSE;
    for (guint64 i = 0; i < n; i++)
        copies[i] = chosen[i] ? options->per_sample : 0;
    if (options->balance && !balance(dataset, chosen, copies, error))
        return FALSE;
    for (guint64 i = 0; i < n; i++)
        if (!g_uint64_checked_add(&n_entries, n_entries, copies[i] + 1))
            return ts_error_set(error, TS_ERROR_RANGE, "too many rows");
    self->entries = ts_try_alloc(n_entries, sizeof *self->entries, "plan", error);
    if (self->entries == NULL)
        return FALSE;
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, g_free);
    for (guint64 i = 0; i < n; i++)
        add_entries(self, i, copies[i], !chosen[i] || options->keep || options->balance, seen);
    return TRUE;
}

void
ts_augment_plan_clear(TsAugmentPlan *self)
{
    g_clear_pointer(&self->entries, g_free);
}

char *
ts_augment_plan_draw(const TsAugmentPlan *self, guint64 i, const TsAugment *how, guint64 seed,
                     GError **error)
{
    const TsAugmentEntry *entry = &self->entries[i];
    TsEdits edits = {0};
    int width = 1, height = 1;
    if (entry->copy == 0)
        return g_strdup("");
    if (ts_augment_needs_size(how) &&
        !ts_sample_get_size(self->dataset, entry->sample, &width, &height, error))
        return NULL;
    if (!ts_augment_draw(how, seed, entry->item, width, height, &edits, error)) {
        ts_dataset_prefix_error(self->dataset, ts_dataset_row(self->dataset, entry->sample), error);
        return NULL;
    }
    ts_edits_round(&edits);
    GString *text = g_string_new(NULL);
    ts_edits_format(&edits, text);
    return g_string_free(text, FALSE);
}
