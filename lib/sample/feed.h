/* Rows made into the input of a model ahead of time, in order, from a whole table or from one that
 * is still arriving.
 *
 * A batch is rows that follow each other; from a stream it may be short, when no more had arrived,
 * so that nobody waits for rows to fill it. Memory does not grow with the number of rows of a
 * stream. A sample that cannot be made does not end the feed: the batch says why.
 *
 *     TsFeedOptions options = {.batch_size = 64, .views = &views};
 *     g_autoptr(TsFeed) feed = ts_feed_new_stream(stream, &how, &options, error);
 *     while (feed != NULL && (batch = ts_feed_next(feed, &failure)) != NULL)
 *         answer(batch);
 */
#pragma once

#include "manifest/stream.h"
#include "sample/dataset.h"
#include "sample/preprocess.h"
#include "sample/views.h"

G_BEGIN_DECLS

typedef struct _TsFeed TsFeed;

typedef struct {
    guint batch_size;     /* at least 1 */
    const TsViews *views; /* copied; NULL: the usual one */
    const char *split;    /* only rows of this split; borrowed; NULL: all */
    gboolean keep_going;  /* a row that is no sound recipe is an error of its sample, too */
} TsFeedOptions;

typedef struct {
    guint n;                    /* samples, 1 to batch_size */
    const TsManifest *manifest; /* that the rows are of; every one of a feed has the same header */
    const guint64 *rows;        /* (n) */
    GError *const *errors;      /* (n) why a sample could not be made, NULL where it was */
    const guint8 *pixels;       /* (n, views, H, W, C), to be normalised; zero where there is an
                                   error */
} TsFeedBatch;

/* Begin with rows of a table, which must outlive the feed. TS_ERROR_FORMAT for a row that is no
 * sound recipe, unless keep_going. */
TsFeed *ts_feed_new_table(const TsManifest *manifest, const TsPreprocess *how,
                          const TsFeedOptions *options, GError **error);

/* Begin with the samples of a dataset, which must outlive the feed. */
TsFeed *ts_feed_new_dataset(TsDataset *dataset, const TsPreprocess *how,
                            const TsFeedOptions *options, GError **error);

/* Begin with the rows of a stream, which must outlive the feed. A table of mixtures (parent_b) is
 * read whole. */
TsFeed *ts_feed_new_stream(TsRowStream *stream, const TsPreprocess *how,
                           const TsFeedOptions *options, GError **error);

/* Stop the threads and free. NULL is allowed. */
void ts_feed_free(TsFeed *feed);

/* Return the next batch, borrowed until the next call. NULL without an error: the end. NULL with
 * one: the table cannot be read, or a row is no sound recipe, or TS_ERROR_INTERRUPTED. */
const TsFeedBatch *ts_feed_next(TsFeed *feed, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsFeed, ts_feed_free)

G_END_DECLS
