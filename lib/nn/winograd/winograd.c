/* The three passes of a Winograd convolution: blocks of tiles through transforms and products. */
#include "nn/winograd/winograd.h"

#include "nn/winograd/kernels.h"

#include <math.h>
#include <omp.h>
#include <string.h>

enum {
    MAX_LANES = 16,
    MIN_TILES = 32,
    /* Matrices of one position are kept from starting at the same place of a cache way. */
    SKEW = 16,
    /* Words of transformed tiles and products that a thread works on: about half its cache. */
    BLOCK_WORDS = 96 * 1024,
    MIN_ROWS = 24,
    /* Panels of inputs that pass while a panel of gradients stays in the first cache. */
    GROUP_PANELS = 4,
    /* Rows of words between two additions to the sum of the filter gradient. */
    GRADIENT_ROWS = 192,
    /* Numbers of a filter gradient, at one position, of which each share of the tiles has its own.
     */
    SMALL_SUM = 32 * 32,
    MAX_SHARES = 16,
};

/* Kernels for f32. */
static const TsWinogradKernels *
kernels(void)
{
#if defined(__x86_64__)
    if (ts_kernel_lanes() == 16)
        return &ts_winograd_avx512;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        return &ts_winograd_avx2;
#endif
    return &ts_winograd_plain;
}

int
ts_winograd_lanes(void)
{
    return kernels()->lanes;
}

const char *
ts_winograd_kernels(void)
{
    return kernels()->name;
}

gboolean
ts_winograd_can(const TsWindowSpec *spec)
{
    return spec->kernel_height == 3 && spec->kernel_width == 3 && spec->stride == 1 &&
           spec->groups == 1 && MAX(spec->pad_top, spec->pad_bottom) <= 2 &&
           MAX(spec->pad_left, spec->pad_right) <= 2 &&
           (!spec->bf16 || ts_kernel_has_avx512_bf16());
}

static const TsWinogradKernels *
choose_kernels(const TsWindowSpec *spec)
{
#if defined(__x86_64__)
    if (spec->bf16)
        return &ts_winograd_bf16;
#endif
    return kernels();
}

/* Direct kernels of bf16 are twice as fast as those of f32, and with AMX faster still: transforms
 * pay where each number is used for many channels. */
static gint64
least_channels(const TsWindowSpec *spec)
{
    if (!spec->bf16)
        return kernels() != &ts_winograd_plain ? 8 : G_MAXINT64;
    return !ts_kernel_has_amx() ? 64 : G_MAXINT64;
}

gboolean
ts_winograd_pays(const TsWindowSpec *spec)
{
    const int tile = choose_kernels(spec)->tile;
    const gint64 tiles = spec->batch * ((spec->out_height + tile - 1) / tile) *
                         ((spec->out_width + tile - 1) / tile);
    return MIN(spec->in_channels, spec->out_channels) >= least_channels(spec) && tiles >= MIN_TILES;
}

/* ---- one product: pictures (*) filters = pictures ---- */

/* What is convolved with what; the backward pass by data swaps the sides. Strides count words. */
typedef struct {
    const TsWinogradKernels *k;
    int threads;
    int positions; /* in a tile with its border */
    TsWinogradPictures from, to;
    gint64 tiles;
    gint64 inner, outer; /* padded channels of `from` and `to` */
    gint64 rows;         /* of a block of tiles */
    gint64 shares;       /* of the tiles, each with a sum of its own; filter gradient only */
    gint64 filter_stride, from_stride, to_stride;
} Product;

static gint64
round_up(gint64 n, gint64 unit)
{
    return (n + unit - 1) / unit * unit;
}

static TsWinogradPictures
pictures(gint64 channels, gint64 height, gint64 width)
{
    const int lanes = kernels()->lanes;
    return (TsWinogradPictures){
        .blocks = round_up(channels, lanes) / lanes, .height = height, .width = width};
}

/* Rows of a block: many enough to use a panel of filters often, few enough for the cache, and as
 * many blocks for each thread. */
static gint64
choose_rows(const Product *p)
{
    const gint64 fitting =
        MAX(BLOCK_WORDS / (p->positions * (p->inner / p->k->pack + p->outer)), (gint64) MIN_ROWS);
    const gint64 blocks = round_up((p->tiles + fitting - 1) / fitting, p->threads);
    return round_up((p->tiles + blocks - 1) / blocks, p->k->rows);
}

/* Shares and rows decide the order of a sum: they follow from the shape alone. */
static void
choose_shares(Product *p)
{
    const int pack = p->k->pack;
    const gint64 fitting = BLOCK_WORDS / (p->positions * (p->inner + p->outer)) * pack;
    p->rows = round_up(MIN(p->tiles, GRADIENT_ROWS * pack), pack);
    if (p->inner * p->outer > SMALL_SUM)
        return;
    const gint64 each = (p->tiles + MAX_SHARES - 1) / MAX_SHARES;
    p->shares = (p->tiles + each - 1) / each;
    p->rows = round_up(MIN(each, fitting), pack);
}

static Product
product_of(const TsWindowSpec *s, TsWinogradPass pass, int threads)
{
    const TsWinogradPictures src = pictures(s->in_channels, s->in_height, s->in_width);
    const TsWinogradPictures dst = pictures(s->out_channels, s->out_height, s->out_width);
    const gboolean forward = pass != TS_WINOGRAD_BACKWARD_DATA;
    const gboolean sums = pass == TS_WINOGRAD_BACKWARD_WEIGHTS;
    const TsWinogradKernels *k = choose_kernels(s);
    Product p = {.k = k,
                 .threads = threads,
                 .positions = (k->tile + 2) * (k->tile + 2),
                 .from = forward ? src : dst,
                 .to = forward ? dst : src};
    p.from.pad_y = forward ? s->pad_top : 2 - s->pad_top;
    p.from.pad_x = forward ? s->pad_left : 2 - s->pad_left;
    p.from.tiles_y = p.to.tiles_y = (p.to.height + k->tile - 1) / k->tile;
    p.from.tiles_x = p.to.tiles_x = (p.to.width + k->tile - 1) / k->tile;
    p.tiles = s->batch * p.to.tiles_y * p.to.tiles_x;
    p.inner = p.from.blocks * k->lanes;
    p.outer = p.to.blocks * k->lanes;
    p.shares = 1;
    if (sums)
        choose_shares(&p);
    else
        p.rows = choose_rows(&p);
    p.filter_stride = p.inner * p.outer / (sums ? 1 : k->pack) + SKEW;
    p.from_stride = p.rows * p.inner / k->pack + SKEW;
    p.to_stride = p.rows * p.outer / (sums ? k->pack : 1) + SKEW;
    return p;
}

gsize
ts_winograd_floats(const TsWindowSpec *spec, TsWinogradPass pass, int threads)
{
    const Product p = product_of(spec, pass, threads);
    const gsize filters = p.positions * p.filter_stride;
    const gsize block = p.positions * (p.from_stride + p.to_stride);
    const gboolean together = pass == TS_WINOGRAD_BACKWARD_WEIGHTS && p.shares == 1;
    return filters * (pass == TS_WINOGRAD_FORWARD_FILTERED ? 0 : p.shares) +
           block * (together ? 1 : threads);
}

static void
convolve_block(const Product *p, gint64 first, const float *from, const float *filters,
               const TsWinogradFinish *finish, float *to, float *work)
{
    float *transformed = work, *products = work + p->positions * p->from_stride;
    const gint64 n = MIN(p->rows, p->tiles - first);
    p->k->input(&p->from, from, &(TsWinogradTiles){first, 0, n, p->rows, p->from_stride},
                transformed);
    for (int i = 0; i < p->positions; i++)
        p->k->multiply(transformed + i * p->from_stride, filters + i * p->filter_stride, n, p->rows,
                       p->inner, p->outer, products + i * p->to_stride);
    p->k->output(&p->to, products, &(TsWinogradTiles){first, 0, n, p->rows, p->to_stride}, finish,
                 to);
}

/* Each tile is computed by one thread in one order, whatever the blocks. */
static void
convolve(const Product *p, const float *from, const float *filters, const TsWinogradFinish *finish,
         float *to, float *work)
{
    const gint64 blocks = (p->tiles + p->rows - 1) / p->rows;
#pragma omp parallel for schedule(static) num_threads(p->threads)
    for (gint64 b = 0; b < blocks; b++)
        convolve_block(p, b * p->rows, from, filters, finish, to,
                       work +
                           omp_get_thread_num() * p->positions * (p->from_stride + p->to_stride));
}

/* Rows of filters for channels that do not exist: those of `from` from `channels` on. */
static void
clear_padding(const Product *p, gint64 channels, float *filters)
{
    if (channels < p->inner)
        memset(filters, 0, p->positions * p->filter_stride * sizeof *filters);
}

gsize
ts_winograd_filter_floats(const TsWindowSpec *s)
{
    const Product p = product_of(s, TS_WINOGRAD_FORWARD, 1);
    return p.positions * p.filter_stride;
}

/* A row for each of the `channels` of `from`, whose taps stand row_step apart, in `columns` columns
 * column_step apart. Rows that share words are made by one thread, in their order. */
static void
transform_filters(const Product *p, const float *weights, gint64 channels, gint64 row_step,
                  gint64 columns, gint64 column_step, gboolean rotated, float *filters)
{
    clear_padding(p, channels, filters);
#pragma omp parallel for schedule(static) num_threads(p->threads)
    for (gint64 first = 0; first < channels; first += p->k->pack)
        for (gint64 row = first; row < MIN(first + p->k->pack, channels); row++)
            p->k->filter(weights + row * row_step, column_step, columns, rotated, p->outer, row,
                         p->inner, p->filter_stride, filters);
}

void
ts_winograd_filters(const TsWindowSpec *s, int threads, const float *weights, float *filters)
{
    const Product p = product_of(s, TS_WINOGRAD_FORWARD, threads);
    transform_filters(&p, weights, s->in_channels, 9, s->out_channels, s->in_channels * 9, FALSE,
                      filters);
}

void
ts_winograd_forward_filtered(const TsWindowSpec *s, int threads, const float *src,
                             const float *filters, const float *bias, float *dst, float *work)
{
    const Product p = product_of(s, TS_WINOGRAD_FORWARD_FILTERED, threads);
    const TsWinogradFinish finish = {.bias = bias,
                                     .n_bias = s->out_channels,
                                     .adds = s->adds,
                                     .clips = s->limit != TS_LIMIT_NONE,
                                     .high = s->limit == TS_LIMIT_RELU6 ? 6 : INFINITY};
    convolve(&p, src, filters, &finish, dst, work);
}

void
ts_winograd_forward(const TsWindowSpec *s, int threads, const float *src, const float *weights,
                    const float *bias, float *dst, float *work)
{
    ts_winograd_filters(s, threads, weights, work);
    ts_winograd_forward_filtered(s, threads, src, work, bias, dst,
                                 work + ts_winograd_filter_floats(s));
}

void
ts_winograd_backward_data(const TsWindowSpec *s, int threads, const float *diff_dst,
                          const float *weights, float *diff_src, float *work)
{
    const Product p = product_of(s, TS_WINOGRAD_BACKWARD_DATA, threads);
    transform_filters(&p, weights, s->out_channels, s->in_channels * 9, s->in_channels, 9, TRUE,
                      work);
    convolve(&p, diff_dst, work, &(TsWinogradFinish){0}, diff_src,
             work + p.positions * p.filter_stride);
}

/* ---- the filter gradient ---- */

typedef struct {
    const float *src, *diff_dst;
    float *inputs, *gradients; /* transformed tiles */
} GradientBlock;

/* Tiles from `tile` on to rows from .. end - 1; the first of them is even. */
static void
transform_tiles(const Product *p, const GradientBlock *b, gint64 tile, gint64 from, gint64 end)
{
    TsWinogradTiles tiles = {tile, from, end - from, p->rows, p->from_stride};
    p->k->input_by_rows(&p->from, b->src, &tiles, b->inputs);
    tiles.stride = p->to_stride;
    p->k->output_gradient(&p->to, b->diff_dst, &tiles, b->gradients);
}

/* Rows from .. end - 1 of the sum of one position. */
static void
add_products(const Product *p, const GradientBlock *b, int position, gint64 n, gint64 from,
             gint64 end, gboolean anew, float *sum)
{
    p->k->multiply_transposed(b->inputs + position * p->from_stride,
                              b->gradients + position * p->to_stride, n, p->rows, p->inner, from,
                              end, p->outer, anew, sum + position * p->filter_stride);
}

/* Many channels: one sum, block by block. Each thread transforms some rows, then all wait, then
 * each multiplies some panels. */
static void
add_together(const Product *p, const GradientBlock *b, float *sum)
{
    const gint64 group = GROUP_PANELS * 2 * p->k->lanes, groups = (p->inner + group - 1) / group;
    for (gint64 first = 0; first < p->tiles; first += p->rows) {
        const gint64 n = MIN(p->rows, p->tiles - first);
        const gint64 each = round_up((n + p->threads - 1) / p->threads, p->k->pack);
#pragma omp parallel num_threads(p->threads)
        {
#pragma omp for schedule(static)
            for (gint64 row = 0; row < n; row += each)
                transform_tiles(p, b, first + row, row, MIN(row + each, n));
#pragma omp for collapse(2) schedule(static)
            for (int i = 0; i < p->positions; i++)
                for (gint64 g = 0; g < groups; g++)
                    add_products(p, b, i, n, g * group, MIN((g + 1) * group, p->inner), first == 0,
                                 sum);
        }
    }
}

static void
add_share(const Product *p, const GradientBlock *b, gint64 first, gint64 end, float *sum)
{
    for (gint64 tile = first; tile < end; tile += p->rows) {
        const gint64 n = MIN(p->rows, end - tile);
        transform_tiles(p, b, tile, 0, n);
        for (int i = 0; i < p->positions; i++)
            add_products(p, b, i, n, 0, p->inner, tile == first, sum);
    }
}

/* Few channels: a sum for each share of the tiles, so that nobody waits; then the sum of these, in
 * their order. */
static void
add_shares(const Product *p, const GradientBlock *b, float *sums)
{
    const gint64 each = (p->tiles + p->shares - 1) / p->shares;
    const gint64 floats = p->positions * p->filter_stride;
    const gint64 block = p->positions * (p->from_stride + p->to_stride);
#pragma omp parallel for schedule(static) num_threads(p->threads)
    for (gint64 share = 0; share < p->shares; share++) {
        GradientBlock own = *b;
        own.inputs += omp_get_thread_num() * block;
        own.gradients += omp_get_thread_num() * block;
        add_share(p, &own, share * each, MIN((share + 1) * each, p->tiles), sums + share * floats);
    }
#pragma omp parallel for simd schedule(static) num_threads(p->threads)
    for (gint64 i = 0; i < floats; i++)
        for (gint64 share = 1; share < p->shares; share++)
            sums[i] += sums[share * floats + i];
}

/* The sum of each channel over pictures and pixels. */
static void
sum_pixels(const Product *p, const float *pixels, gint64 batch, gint64 channels, float *sums)
{
    const gint64 lanes = p->k->lanes, area = p->to.height * p->to.width;
#pragma omp parallel for schedule(static) num_threads(p->threads)
    for (gint64 block = 0; block < p->to.blocks; block++) {
        double sum[MAX_LANES] = {0};
        for (gint64 image = 0; image < batch; image++) {
            const float *pixel = pixels + (image * p->to.blocks + block) * area * lanes;
            for (gint64 i = 0; i < area * lanes; i++)
                sum[i % lanes] += pixel[i];
        }
        for (gint64 c = block * lanes; c < MIN((block + 1) * lanes, channels); c++)
            sums[c] = (float) sum[c - block * lanes];
    }
}

void
ts_winograd_backward_weights(const TsWindowSpec *s, int threads, const float *src,
                             const float *diff_dst, float *diff_weights, float *diff_bias,
                             float *work)
{
    const Product p = product_of(s, TS_WINOGRAD_BACKWARD_WEIGHTS, threads);
    float *blocks = work + p.shares * p.positions * p.filter_stride;
    const GradientBlock block = {src, diff_dst, blocks, blocks + p.positions * p.from_stride};
    if (p.shares > 1)
        add_shares(&p, &block, work);
    else
        add_together(&p, &block, work);
#pragma omp parallel for schedule(static) num_threads(threads)
    for (gint64 c = 0; c < s->in_channels; c++)
        p.k->filter_gradient(work, c, p.inner, p.filter_stride, s->in_channels * 9, s->out_channels,
                             p.outer, diff_weights + c * 9);
    if (diff_bias != NULL)
        sum_pixels(&p, diff_dst, s->batch, s->out_channels, diff_bias);
}
