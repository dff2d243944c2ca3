/* Samples of a batch mixed with each other: mixup, CutMix, Remix.
 *
 * Sample k of n is mixed with sample n - 1 - k, as timm does, all by the same lambda, which is
 * drawn for each batch from Beta(alpha, alpha):
 *
 *   mixup   lambda x_a + (1 - lambda) x_b, labels likewise (Zhang et al., ICLR 2018)
 *   cutmix  a rectangle of sqrt(1 - lambda) of each side, its centre anywhere, comes from x_b;
 * labels by the area that it has after clipping (Yun et al., ICCV 2019) remix   as mixup, but the
 * label is that of the rarer class alone where one class has at least kappa times the rows of the
 * other and the commoner one's share of the picture is below tau (Chou et al., ECCV workshops 2020)
 *
 *     TsMix mix = {0};
 *     TsMixDraw draw;
 *     if (!ts_mix_add("cutmix:alpha=1,p=0.5", &mix, error))
 *         return FALSE;
 *     if (ts_mix_draw(&mix, seed, batch, width, height, &draw))
 *         ts_mix_images(&draw, images, n, channels, width, height);
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum { TS_MIXUP, TS_CUTMIX, TS_REMIX, TS_N_MIXES } TsMixKind;

typedef struct {
    TsMixKind kind;
    double alpha;       /* of Beta(alpha, alpha), above 0 */
    double probability; /* of a batch being mixed */
    double kappa, tau;  /* of remix */
} TsMixItem;

/* What may happen to a batch: one of the items, each as likely as the others; none: nothing. */
typedef struct {
    guint n;
    TsMixItem item[TS_N_MIXES];
} TsMix;

/* What happens to one batch. */
typedef struct {
    const TsMixItem *item;   /* of the TsMix */
    double lambda;           /* share of a sample in what it becomes */
    int x, y, width, height; /* of cutmix */
} TsMixDraw;

/* Add NAME or NAME:KEY=VALUE,... (base/spec.h). TS_ERROR_ARGUMENT, also for a name that is there.
 */
gboolean ts_mix_add(const char *text, TsMix *mix, GError **error);

/* The names with their keys and defaults, for --help. Borrowed. */
const char *ts_mix_help(void);

/* Draw for batch number `batch` of a run; FALSE: it stays as it is. */
gboolean
ts_mix_draw(const TsMix *mix, guint64 seed, guint64 batch, int width, int height, TsMixDraw *draw);

/* Mix images (n, channels, height, width) in place. */
void
ts_mix_images(const TsMixDraw *draw, float *images, guint n, int channels, int width, int height);

/* The share of the sample's own label, of a class with `count` rows, in a mixture with one of a
 * class with `other_count`. */
double ts_mix_label_share(const TsMixDraw *draw, guint64 count, guint64 other_count);

G_END_DECLS
