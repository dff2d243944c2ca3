/* Batches whose samples are mixed with each other. */
#include "sample/mix.h"

#include "base/error.h"
#include "base/nearest.h"
#include "base/rng.h"
#include "base/spec.h"

#include <math.h>

static const struct {
    const char *name;
    double alpha;
} kinds[TS_N_MIXES] = {
    [TS_MIXUP] = {"mixup", 0.2}, [TS_CUTMIX] = {"cutmix", 1}, [TS_REMIX] = {"remix", 1}};

const char *
ts_mix_help(void)
{
    return "  mixup[:alpha=0.2,p=1]         pictures and labels added up\n"
           "  cutmix[:alpha=1,p=1]          a rectangle comes from another picture\n"
           "  remix[:alpha=1,kappa=3,tau=0.5,p=1]\n"
           "                                mixup whose labels favour rare classes";
}

static gboolean
read_item(TsSpec *spec, TsMixItem *item, GError **error)
{
    if (!ts_spec_double(spec, "alpha", 1e-3, 1e3, kinds[item->kind].alpha, &item->alpha, error) ||
        !ts_spec_double(spec, "p", 0, 1, 1, &item->probability, error))
        return FALSE;
    return item->kind != TS_REMIX ||
           (ts_spec_double(spec, "kappa", 1, 1e9, 3, &item->kappa, error) &&
            ts_spec_double(spec, "tau", 0, 1, 0.5, &item->tau, error));
}

static gboolean
refuse_name(const char *name, GError **error)
{
    const char *known[TS_N_MIXES + 1] = {NULL};
    for (guint i = 0; i < TS_N_MIXES; i++)
        known[i] = kinds[i].name;
    g_autofree char *hint = ts_nearest_hint(name, known);
    return ts_error_set(error, TS_ERROR_ARGUMENT, "there is no mix '%s'%s; there are:\n%s", name,
                        hint, ts_mix_help());
}

gboolean
ts_mix_add(const char *text, TsMix *mix, GError **error)
{
    g_autoptr(TsSpec) spec = ts_spec_parse(text, "mix", error);
    guint kind = 0;
    if (spec == NULL)
        return FALSE;
    while (kind < TS_N_MIXES && !g_str_equal(ts_spec_name(spec), kinds[kind].name))
        kind++;
    if (kind == TS_N_MIXES)
        return refuse_name(ts_spec_name(spec), error);
    for (guint i = 0; i < mix->n; i++)
        if (mix->item[i].kind == kind)
            return ts_error_set(error, TS_ERROR_ARGUMENT, "mix '%s' is given twice",
                                kinds[kind].name);
    TsMixItem item = {.kind = (TsMixKind) kind};
    if (!read_item(spec, &item, error) || !ts_spec_finish(spec, error))
        return FALSE;
    mix->item[mix->n++] = item;
    return TRUE;
}

/* The rectangle's sides and clipping are those of timm's rand_bbox(). */
static void
draw_rectangle(TsMixDraw *draw, TsRng *rng, int width, int height)
{
    const double ratio = sqrt(1 - draw->lambda);
    const int half_width = (int) (width * ratio) / 2, half_height = (int) (height * ratio) / 2;
    const int y = (int) ts_rng_below(rng, (guint64) height);
    const int x = (int) ts_rng_below(rng, (guint64) width);
    draw->x = MAX(x - half_width, 0);
    draw->y = MAX(y - half_height, 0);
    draw->width = MIN(x + half_width, width) - draw->x;
    draw->height = MIN(y + half_height, height) - draw->y;
    draw->lambda = 1 - (double) draw->width * draw->height / ((double) width * height);
}

gboolean
ts_mix_draw(const TsMix *mix, guint64 seed, guint64 batch, int width, int height, TsMixDraw *draw)
{
    TsRng rng;
    if (mix->n == 0)
        return FALSE;
    ts_rng_init(&rng, seed, "mix", batch);
    *draw = (TsMixDraw){.item = &mix->item[ts_rng_below(&rng, mix->n)]};
    if (ts_rng_uniform(&rng) >= draw->item->probability)
        return FALSE;
    draw->lambda = ts_rng_beta(&rng, draw->item->alpha, draw->item->alpha);
    if (draw->item->kind == TS_CUTMIX)
        draw_rectangle(draw, &rng, width, height);
    return TRUE;
}

static void
mix_pair(float *a, float *b, gsize n, float lambda)
{
    for (gsize i = 0; i < n; i++) {
        const float first = a[i], second = b[i];
        a[i] = lambda * first + (1 - lambda) * second;
        b[i] = lambda * second + (1 - lambda) * first;
    }
}

/* Exchange the rectangle in one band. */
static void
cut_pair(const TsMixDraw *draw, float *a, float *b, int width)
{
    for (int y = draw->y; y < draw->y + draw->height; y++)
        for (int x = draw->x; x < draw->x + draw->width; x++) {
            const gsize i = (gsize) y * (gsize) width + (gsize) x;
            const float first = a[i];
            a[i] = b[i];
            b[i] = first;
        }
}

void
ts_mix_images(const TsMixDraw *draw, float *images, guint n, int channels, int width, int height)
{
    const gsize n_band = (gsize) width * (gsize) height, n_sample = n_band * (gsize) channels;
    for (guint k = 0; k < n / 2; k++) {
        float *a = images + k * n_sample, *b = images + (n - 1 - k) * n_sample;
        if (draw->item->kind != TS_CUTMIX)
            mix_pair(a, b, n_sample, (float) draw->lambda);
        for (int c = 0; c < channels && draw->item->kind == TS_CUTMIX; c++)
            cut_pair(draw, a + (gsize) c * n_band, b + (gsize) c * n_band, width);
    }
}

double
ts_mix_label_share(const TsMixDraw *draw, guint64 count, guint64 other_count)
{
    const TsMixItem *item = draw->item;
    const double n = (double) count, other = (double) other_count;
    if (item->kind == TS_REMIX && n >= item->kappa * other && draw->lambda < item->tau)
        return 0;
    if (item->kind == TS_REMIX && n * item->kappa <= other && 1 - draw->lambda < item->tau)
        return 1;
    return draw->lambda;
}
