/* Where the time of a training run goes: each layer forward and backward, and what lies between.
 *
 * The loop is always in one part, and entering another returns the one before, so that the times of
 * all parts add up to the whole. Layers are timed within the passes. All functions but
 * ts_profile_report() take NULL and do nothing, so that code need not ask whether there is one:
 *
 *     TsProfilePart before = ts_profile_enter(profile, TS_PROFILE_UPDATE);
 *     ts_optimizer_step(...);
 *     ts_profile_enter(profile, before);
 */
#pragma once

#include "nn/graph.h"
#include "sample/costs.h"
#include "stats/report.h"

G_BEGIN_DECLS

typedef enum {
    TS_PROFILE_OTHER,
    TS_PROFILE_WAIT,    /* for the samples of a batch */
    TS_PROFILE_INPUT,   /* a batch is copied into the net */
    TS_PROFILE_FORWARD, /* what a pass takes beside its layers; likewise backward */
    TS_PROFILE_LOSS,
    TS_PROFILE_BACKWARD,
    TS_PROFILE_UPDATE, /* clipping and optimizer */
    TS_PROFILE_CALLBACKS,
    TS_PROFILE_VALIDATION, /* all of it but its callbacks */
    TS_PROFILE_CHECKPOINT,
    TS_PROFILE_N_PARTS,
} TsProfilePart;

typedef struct _TsProfile TsProfile;

/* The graph must outlive it. */
TsProfile *ts_profile_new(const TsGraph *graph);
void ts_profile_free(TsProfile *profile);

/* The clock begins, in TS_PROFILE_OTHER; it ends. */
void ts_profile_begin(TsProfile *profile);
void ts_profile_end(TsProfile *profile);

/* From now on the time belongs to `part`. Returns the part before. */
TsProfilePart ts_profile_enter(TsProfile *profile, TsProfilePart part);

/* A layer's work begins; it ends, and its time is counted there. `node` of the graph; `products`:
 * how many products as large as the forward pass's the work is made of, for `n` samples. */
void ts_profile_layer_begin(TsProfile *profile);
void ts_profile_layer_end(TsProfile *profile, guint node, gboolean backward);
void ts_profile_add_products(TsProfile *profile, guint node, gboolean backward, guint n);

/* An update of the weights is done. */
void ts_profile_count_iteration(TsProfile *profile);

/* Add a table "profile" to `report`: part, layer, operation, times (n), milliseconds in an
 * iteration, share of the whole, and GFLOP/s (two for a multiply-add) of layers with products.
 * `costs` are those of the loader's threads, which work beside the loop: they have no share. */
void ts_profile_report(const TsProfile *profile, const TsLoaderCosts *costs, TsReport *report);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsProfile, ts_profile_free)

G_END_DECLS
