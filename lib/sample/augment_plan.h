/* Which samples are changed how often, and by what: the plan of augment(1).
 *
 * What a copy looks like depends on the seed, the row's id and changes so far, how many rows before
 * it have the same, and the number of the copy: not on the row's place, so a manifest that is
 * sorted or filtered otherwise gives the same pictures.
 *
 *     g_auto(TsAugmentPlan) plan = {0};
 *     if (!ts_augment_plan_init(&plan, dataset, chosen, &options, error))
 *         return FALSE;
 *     for (guint64 i = 0; i < plan.n; i++) {
 *         g_autofree char *step = ts_augment_plan_draw(&plan, i, &how, seed, error);
 */
#pragma once

#include "sample/augment.h"
#include "sample/dataset.h"

G_BEGIN_DECLS

typedef struct {
    guint per_sample; /* copies of each chosen sample */
    gboolean keep;    /* the chosen sample itself, in front of its copies */
    gboolean balance; /* instead of per_sample: keep all, and as many copies as make each class as
                         large as the largest one, spread evenly */
} TsAugmentOptions;

typedef struct {
    guint64 sample; /* of the dataset */
    guint64 item;   /* of the random streams */
    guint copy;     /* from 1; 0: the sample as it is */
} TsAugmentEntry;

typedef struct {
    TsDataset *dataset;
    guint64 n;
    TsAugmentEntry *entries; /* (n), in order of the dataset */
} TsAugmentPlan;

/* Plan for the samples whose `chosen` (one for each) is not 0; the others stay as they are. The
 * dataset is borrowed. TS_ERROR_NO_MEMORY; TS_ERROR_RANGE for more rows than can be. */
gboolean ts_augment_plan_init(TsAugmentPlan *plan, TsDataset *dataset, const guint8 *chosen,
                              const TsAugmentOptions *options, GError **error);
void ts_augment_plan_clear(TsAugmentPlan *plan);

/* Draw the changes of an entry as text, "" where there are none. Errors are those of
 * ts_augment_draw(), with the row in front. Free with g_free(). Threads may call it at once. */
char *ts_augment_plan_draw(const TsAugmentPlan *plan, guint64 entry, const TsAugment *how,
                           guint64 seed, GError **error);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(TsAugmentPlan, ts_augment_plan_clear)

G_END_DECLS
