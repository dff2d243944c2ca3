/* Which pictures of a data set are the same, or nearly: groups, leaks between splits, conflicts of
 * labels.
 *
 * Exact duplicates have equal digests (size, type and every pixel as decoded). Near-duplicates have
 * hashes within `radius` bits, in every hash that is asked for. Pictures of one colour have no
 * structure that a hash could tell, so they are only compared exactly.
 *
 * A group holds pictures of which any two lie within `diameter` bits: pairs are taken in order of
 * their distance, and two groups are joined by a pair if all of their members keep to that. So a
 * chain of pictures, each a little different from the one before, ends where its ends would be too
 * far apart; the pair that is not joined there is still reported. Of each group one picture is
 * kept: one outside of split train before one inside, so that a test set stays whole; then the one
 * with most pixels; then the first.
 *
 *     TsDuplicateOptions options = {.hashes = 1 << TS_HASH_PHASH, .radius = 6, .diameter = 12};
 *     g_autoptr(TsDuplicates) found = ts_duplicates_find(measures, n, labels, splits, train,
 *                                                        &options, error);
 *     for (guint32 i = 0; found != NULL && i < n; i++)
 *         if (found->group[i] != TS_NO_GROUP && found->kept[found->group[i]] != i)
 *             printf("%u is a copy of %u\n", i, found->kept[found->group[i]]);
 */
#pragma once

#include "check/measures.h"

G_BEGIN_DECLS

#define TS_NO_GROUP G_MAXUINT32
#define TS_NO_PARTNER G_MAXUINT32

typedef struct {
    gboolean near;     /* look for near-duplicates too */
    guint hashes;      /* set of 1 << TsHash, at least one */
    guint radius;      /* bits, 0 to TS_HAMMING_MAX */
    guint diameter;    /* bits, at least radius */
    guint64 max_pairs; /* give up at more near pairs */
} TsDuplicateOptions;

/* The nearest other picture of some kind. */
typedef struct {
    guint32 partner; /* or TS_NO_PARTNER */
    gint32 distance; /* -1: equal pixel by pixel; else bits */
} TsNearest;

typedef struct {
    guint32 n, n_groups;
    guint32 *group;   /* (n), TS_NO_GROUP for a picture without duplicate */
    guint32 *kept;    /* (n_groups) picture that stands for the group */
    gint32 *distance; /* (n) from the group's kept picture, -1: equal pixel by pixel */
    TsNearest *exact; /* (n) first picture that is equal */
    TsNearest *near;  /* (n) nearest picture that is within the radius and not equal */
    TsNearest *leak;  /* (n) nearest one, equal or not, in another split */
    TsNearest *clash; /* (n) nearest one, equal or not, with another label */
    guint64 n_near;   /* pairs of different hashes within the radius */
    guint64 n_cut;    /* of these, pairs that no group joins */
} TsDuplicates;

/* Find them among `n` pictures; those that could not be read have none. labels (n) and splits (n)
 * are numbers, below 0 for none, which differs from nothing; NULL: all are none. `train` is the
 * number of split train, below 0 if there is none. TS_ERROR_RANGE at more than max_pairs near
 * pairs, TS_ERROR_NO_MEMORY. */
TsDuplicates *ts_duplicates_find(const TsMeasures *measures, guint32 n, const gint32 *labels,
                                 const gint32 *splits, gint32 train,
                                 const TsDuplicateOptions *options, GError **error);

/* NULL is allowed. */
void ts_duplicates_free(TsDuplicates *duplicates);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsDuplicates, ts_duplicates_free)

G_END_DECLS
