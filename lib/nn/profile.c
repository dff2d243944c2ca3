/* Times of parts and layers, and the table of them. */
#include "nn/profile.h"

#include <math.h>
#include <string.h>
#include <time.h>

typedef struct {
    gint64 ns;
    guint64 n;
    gint64 multiply_adds;
} Entry;

struct _TsProfile {
    const TsGraph *graph;
    Entry part[TS_PROFILE_N_PARTS];
    Entry *layer[2]; /* forward, backward; one a node */
    TsProfilePart now;
    gint64 since; /* the part was entered, or time was last given to a layer */
    gint64 begun, ended;
    guint64 n_iterations;
};

TsProfile *
ts_profile_new(const TsGraph *graph)
{
    TsProfile *self = g_new0(TsProfile, 1);
    self->graph = graph;
    for (int pass = 0; pass < 2; pass++)
        self->layer[pass] = g_new0(Entry, graph->nodes->len);
    return self;
}

void
ts_profile_free(TsProfile *self)
{
    if (self == NULL)
        return;
    g_free(self->layer[0]);
    g_free(self->layer[1]);
    g_free(self);
}

void
ts_profile_begin(TsProfile *self)
{
    if (self == NULL)
        return;
    self->begun = self->since = (gint64) ts_now_ns();
    self->now = TS_PROFILE_OTHER;
    self->part[TS_PROFILE_OTHER].n++;
}

/* Give the time since the last call to `entry`. */
static void
give(TsProfile *self, Entry *entry)
{
    const gint64 now = (gint64) ts_now_ns();
    entry->ns += now - self->since;
    self->since = now;
}

void
ts_profile_end(TsProfile *self)
{
    if (self == NULL)
        return;
    give(self, &self->part[self->now]);
    self->ended = self->since;
}

TsProfilePart
ts_profile_enter(TsProfile *self, TsProfilePart part)
{
    if (self == NULL)
        return TS_PROFILE_OTHER;
    const TsProfilePart before = self->now;
    give(self, &self->part[before]);
    self->now = part;
    self->part[part].n++;
    return before;
}

void
ts_profile_layer_begin(TsProfile *self)
{
    if (self != NULL)
        give(self, &self->part[self->now]);
}

void
ts_profile_layer_end(TsProfile *self, guint node, gboolean backward)
{
    if (self != NULL)
        give(self, &self->layer[backward][node]);
}

void
ts_profile_add_products(TsProfile *self, guint node, gboolean backward, guint n)
{
    if (self == NULL)
        return;
    Entry *entry = &self->layer[backward][node];
    entry->n++;
    entry->multiply_adds += ts_graph_node(self->graph, node)->multiply_adds * n;
}

void
ts_profile_count_iteration(TsProfile *self)
{
    if (self != NULL)
        self->n_iterations++;
}

/* ---- the table ---- */

static gint64
count_total(const TsProfile *self)
{
    return self->ended - self->begun;
}

static void
add_row(const TsProfile *self, const char *part, const TsNode *node, const Entry *entry,
        gboolean beside, TsReport *report)
{
    const double whole = (double) count_total(self);
    ts_report_text(report, part);
    ts_report_text(report, node != NULL ? node->name : NULL);
    ts_report_text(report, node != NULL ? ts_node_operation(node) : NULL);
    ts_report_int(report, (gint64) entry->n);
    ts_report_double(report, entry->ns / 1e6 / (double) MAX(self->n_iterations, 1), 3);
    ts_report_double(report, beside ? NAN : (double) entry->ns / whole, 4);
    ts_report_double(report,
                     entry->multiply_adds > 0
                         ? 2 * (double) entry->multiply_adds / (double) MAX(entry->ns, 1)
                         : NAN,
                     1);
}

/* What the loader's threads did beside the loop. */
static void
add_loader(const TsProfile *self, const TsLoaderCosts *costs, TsReport *report)
{
    const struct {
        const char *name;
        guint64 n, ns;
    } stages[] = {{"read", costs->n_read, costs->read_ns},
                  {"decode", costs->n_decoded, costs->decode_ns},
                  {"augment", costs->n_augmented, costs->augment_ns},
                  {"fill", costs->n_filled, costs->fill_ns}};
    for (guint i = 0; i < G_N_ELEMENTS(stages); i++) {
        const Entry entry = {.ns = (gint64) stages[i].ns, .n = stages[i].n};
        add_row(self, stages[i].name, NULL, &entry, TRUE, report);
    }
}

static void
add_layers(const TsProfile *self, gboolean backward, TsReport *report)
{
    const guint n = self->graph->nodes->len;
    for (guint k = 0; k < n; k++) {
        const guint i = backward ? n - 1 - k : k;
        const Entry *entry = &self->layer[backward][i];
        if (entry->ns > 0)
            add_row(self, backward ? "backward" : "forward", ts_graph_node(self->graph, i), entry,
                    FALSE, report);
    }
}

void
ts_profile_report(const TsProfile *self, const TsLoaderCosts *costs, TsReport *report)
{
    static const char *const columns[] = {"part", "layer", "operation", "n",
                                          "ms",   "share", "gflops",    NULL};
    static const char *const names[] = {[TS_PROFILE_OTHER] = "other",
                                        [TS_PROFILE_WAIT] = "wait",
                                        [TS_PROFILE_INPUT] = "input",
                                        [TS_PROFILE_FORWARD] = "forward",
                                        [TS_PROFILE_LOSS] = "loss",
                                        [TS_PROFILE_BACKWARD] = "backward",
                                        [TS_PROFILE_UPDATE] = "update",
                                        [TS_PROFILE_CALLBACKS] = "callbacks",
                                        [TS_PROFILE_VALIDATION] = "validation",
                                        [TS_PROFILE_CHECKPOINT] = "checkpoint"};
    ts_report_begin(report, "profile", columns);
    add_loader(self, costs, report);
    for (int i = TS_PROFILE_WAIT; i < TS_PROFILE_N_PARTS; i++) {
        add_row(self, names[i], NULL, &self->part[i], FALSE, report);
        if (i == TS_PROFILE_FORWARD || i == TS_PROFILE_BACKWARD)
            add_layers(self, i == TS_PROFILE_BACKWARD, report);
    }
    add_row(self, names[TS_PROFILE_OTHER], NULL, &self->part[TS_PROFILE_OTHER], FALSE, report);
    const Entry whole = {.ns = count_total(self), .n = self->n_iterations};
    add_row(self, "whole", NULL, &whole, FALSE, report);
}
