/* Words of 32 bits, of which panels consist: a number in f32, or two in bf16. Included by
 * kernels.c, which defines Vec and PACK, the numbers in a word. */

#if PACK == 1

static inline void
store_channels(Vec numbers, float *words)
{
    *(Vec *) words = numbers;
}

static inline void
store_row(Vec numbers, gint64 row, float *words)
{
    *(Vec *) words = numbers;
}

static inline Vec
multiply_add(float word, Vec words, Vec sum)
{
    return sum + word * words;
}

#else

#include <immintrin.h>

/* Rounded to nearest, to an even number if two are as near. */
static inline __m256i
round_numbers(Vec numbers)
{
    return (__m256i) _mm512_cvtneps_pbh((__m512) numbers);
}

/* A word holds two channels of a row. */
static inline void
store_channels(Vec numbers, float *words)
{
    _mm256_store_si256((__m256i *) words, round_numbers(numbers));
}

/* A word holds two rows of a channel: an even one, which is stored first and leaves a zero beside
 * it, and an odd one. */
static inline void
store_row(Vec numbers, gint64 row, float *words)
{
    const __m512i halves = _mm512_cvtepu16_epi32(round_numbers(numbers));
    _mm512_store_si512(words, row % 2 == 0 ? halves
                                           : _mm512_or_si512(_mm512_load_si512(words),
                                                             _mm512_slli_epi32(halves, 16)));
}

/* The products of both numbers. */
static inline Vec
multiply_add(float word, Vec words, Vec sum)
{
    return (Vec) _mm512_dpbf16_ps((__m512) sum, (__m512bh) _mm512_set1_ps(word), (__m512bh) words);
}

#endif
