/* Hash search against brute force, groups and their laws, containers, and the cache. */
#include "base/error.h"
#include "base/rng.h"
#include "base/threads.h"
#include "check/cache.h"
#include "check/duplicates.h"
#include "check/hamming.h"
#include "check/shrink.h"
#include "store/crc32c.h"
#include "unit.h"

#include <stdio.h>
#include <string.h>

/* Hashes in clumps: some are copies of an earlier one with a few bits changed. */
static guint64 *
make_hashes(guint32 n, guint n_words, guint64 seed)
{
    TsRng rng;
    guint64 *hashes = g_new(guint64, (gsize) n * n_words);
    ts_rng_init(&rng, seed, "test-check", 0);
    for (guint32 i = 0; i < n; i++) {
        const guint32 from = i > 0 ? (guint32) ts_rng_below(&rng, i) : 0;
        const gboolean copy = i > 0 && ts_rng_below(&rng, 3) > 0;
        for (guint w = 0; w < n_words; w++) {
            guint64 *hash = &hashes[(gsize) i * n_words + w];
            *hash = copy ? hashes[(gsize) from * n_words + w]
                         : ts_rng_below(&rng, 1ull << 32) << 32 | ts_rng_below(&rng, 1ull << 32);
            for (guint64 k = ts_rng_below(&rng, 12); copy && k > 0; k--)
                *hash ^= 1ull << ts_rng_below(&rng, 64);
        }
    }
    return hashes;
}

static gboolean
same_pairs(const GArray *a, const GArray *b)
{
    return a->len == b->len &&
           (a->len == 0 || memcmp(a->data, b->data, a->len * sizeof(TsHammingPair)) == 0);
}

START_TEST(every_number_of_parts_finds_what_brute_force_finds)
{
    for (guint n_words = 1; n_words <= 3; n_words++) {
        g_autofree guint64 *hashes = make_hashes(700, n_words, n_words);
        for (guint radius = 0; radius <= 20; radius += radius < 8 ? 1 : 4) {
            g_autoptr(GArray) brute =
                ts_hamming_pairs_with(0, hashes, n_words, 700, radius, 10000000, NULL);
            ck_assert(radius < 8 || brute->len > 0);
            g_autoptr(GArray) chosen =
                ts_hamming_pairs(hashes, n_words, 700, radius, 10000000, NULL);
            ck_assert(same_pairs(brute, chosen));
            for (guint parts = 3; parts <= 8; parts++) {
                if (radius / parts > 2) /* slow */
                    continue;
                g_autoptr(GArray) found =
                    ts_hamming_pairs_with(parts, hashes, n_words, 700, radius, 10000000, NULL);
                ck_assert_msg(same_pairs(brute, found), "radius %u, %u parts: %u, not %u pairs",
                              radius, parts, found->len, brute->len);
            }
        }
    }
}
END_TEST

START_TEST(pairs_are_in_order_and_within_the_radius)
{
    g_autofree guint64 *hashes = make_hashes(800, 2, 5);
    g_autoptr(GArray) pairs = ts_hamming_pairs(hashes, 2, 800, 9, 1000000, NULL);
    guint last = 0;
    for (guint i = 0; i < pairs->len; i++) {
        const TsHammingPair p = g_array_index(pairs, TsHammingPair, i);
        const int d0 = ts_hash_distance(hashes[2 * p.a], hashes[2 * p.b]);
        const int d1 = ts_hash_distance(hashes[2 * p.a + 1], hashes[2 * p.b + 1]);
        ck_assert_uint_lt(p.a, p.b);
        ck_assert_int_eq((int) p.distance, MAX(d0, d1));
        ck_assert_uint_le(p.distance, 9);
        ck_assert_uint_ge(p.distance, last);
        last = p.distance;
    }
}
END_TEST

START_TEST(pairs_do_not_depend_on_threads_and_too_many_are_an_error)
{
    g_autoptr(GError) error = NULL;
    g_autofree guint64 *hashes = make_hashes(4000, 1, 9);
    ts_threads_set(1);
    g_autoptr(GArray) one = ts_hamming_pairs(hashes, 1, 4000, 8, 1000000, NULL);
    ts_threads_set(4);
    g_autoptr(GArray) four = ts_hamming_pairs(hashes, 1, 4000, 8, 1000000, NULL);
    ck_assert(same_pairs(one, four));
    ck_assert_ptr_null(ts_hamming_pairs(hashes, 1, 4000, 8, one->len - 1, &error));
    ck_assert(g_error_matches(error, TS_ERROR, TS_ERROR_RANGE));
    g_autoptr(GArray) enough = ts_hamming_pairs(hashes, 1, 4000, 8, one->len, NULL);
    ck_assert_ptr_nonnull(enough);
    g_autoptr(GArray) none = ts_hamming_pairs(hashes, 1, 0, 8, 10, NULL);
    ck_assert_uint_eq(none->len, 0);
}
END_TEST

/* Pictures with these hashes; equal digests where the hashes and `twin` are equal. */
static TsMeasures *
make_measures(const guint64 *hashes, guint32 n, guint32 n_twins)
{
    TsMeasures *measures = g_new0(TsMeasures, n);
    for (guint32 i = 0; i < n; i++) {
        const guint64 twin = i % n_twins;
        measures[i] = (TsMeasures){.look = TS_LOOK_OK, .width = 10 + (int) (i % 3), .height = 10};
        measures[i].hashes[TS_HASH_PHASH] = hashes[i];
        memcpy(measures[i].digest, &hashes[i], 8);
        memcpy(measures[i].digest + 8, &twin, 8);
    }
    return measures;
}

static gboolean
are_equal(const TsMeasures *a, const TsMeasures *b)
{
    return memcmp(a->digest, b->digest, sizeof a->digest) == 0;
}

/* The distance of the nearest picture with another number, by comparing with all; 99: none. */
static int
brute_nearest(const TsMeasures *measures, guint32 n, const gint32 *numbers, guint32 i, int radius)
{
    int nearest = 99;
    for (guint32 j = 0; j < n; j++) {
        const int bits = ts_hash_distance(measures[i].hashes[0], measures[j].hashes[0]);
        if (numbers[i] >= 0 && numbers[j] >= 0 && numbers[i] != numbers[j] && bits <= radius)
            nearest = MIN(nearest, are_equal(&measures[i], &measures[j]) ? -1 : bits);
    }
    return nearest;
}

enum { N = 1200, RADIUS = 5, DIAMETER = 8 };

START_TEST(leaks_and_conflicts_are_the_nearest_of_another_split_and_label)
{
    gint32 labels[N], splits[N];
    g_autofree guint64 *hashes = make_hashes(N, 1, 21);
    for (guint32 i = 400; i < 800; i++)
        hashes[i] = hashes[i / 2];
    g_autofree TsMeasures *measures = make_measures(hashes, N, 2);
    for (guint32 i = 0; i < N; i++) {
        labels[i] = (gint32) (i * 7919 % 5) - 1;
        splits[i] = (gint32) (i * 104729 % 4) - 1;
    }
    const TsDuplicateOptions options = {TRUE, 1 << TS_HASH_PHASH, RADIUS, DIAMETER, 1000000};
    g_autoptr(TsDuplicates) found =
        ts_duplicates_find(measures, N, labels, splits, 0, &options, NULL);
    guint n_leaks = 0;
    for (guint32 i = 0; i < N; i++) {
        const TsNearest leak = found->leak[i], clash = found->clash[i];
        const int split = brute_nearest(measures, N, splits, i, RADIUS);
        ck_assert_int_eq(leak.partner != TS_NO_PARTNER ? leak.distance : 99, split);
        ck_assert_int_eq(clash.partner != TS_NO_PARTNER ? clash.distance : 99,
                         brute_nearest(measures, N, labels, i, RADIUS));
        ck_assert(leak.partner == TS_NO_PARTNER || splits[leak.partner] != splits[i]);
        ck_assert(clash.partner == TS_NO_PARTNER || labels[clash.partner] != labels[i]);
        n_leaks += split != 99;
    }
    ck_assert_uint_gt(n_leaks, 100);
}
END_TEST

START_TEST(no_two_of_a_group_are_further_apart_than_the_diameter)
{
    g_autofree guint64 *hashes = make_hashes(N, 1, 33);
    g_autofree TsMeasures *measures = make_measures(hashes, N, 1);
    const TsDuplicateOptions options = {TRUE, 1 << TS_HASH_PHASH, RADIUS, DIAMETER, 1000000};
    g_autoptr(TsDuplicates) found = ts_duplicates_find(measures, N, NULL, NULL, -1, &options, NULL);
    guint64 n_cut = 0, n_near = 0, n_wide = 0, n_unnamed = 0;
    g_autofree guint32 *sizes = g_new0(guint32, found->n_groups);
    for (guint32 i = 0; i < N; i++)
        for (guint32 j = i + 1; j < N; j++) {
            const int bits = ts_hash_distance(hashes[i], hashes[j]);
            const gboolean together =
                found->group[i] != TS_NO_GROUP && found->group[i] == found->group[j];
            n_wide += together && bits > DIAMETER;
            n_near += bits <= RADIUS;
            n_cut += bits <= RADIUS && !together;
            n_unnamed += bits <= RADIUS && found->near[i].partner == TS_NO_PARTNER &&
                         found->exact[i].partner == TS_NO_PARTNER;
        }
    ck_assert_uint_eq(n_wide, 0);
    ck_assert_uint_eq(n_unnamed, 0);
    ck_assert_uint_gt(n_near, n_cut);
    ck_assert_uint_gt(n_cut, 0);
    for (guint32 i = 0; i < N; i++)
        if (found->group[i] != TS_NO_GROUP)
            sizes[found->group[i]]++;
    for (guint32 g = 0; g < found->n_groups; g++) {
        ck_assert_uint_ge(sizes[g], 2);
        ck_assert_uint_eq(found->group[found->kept[g]], g);
    }
}
END_TEST

START_TEST(a_chain_is_cut)
{
    guint64 hashes[33];
    for (int i = 0; i < 33; i++)
        hashes[i] = i == 0 ? 0 : hashes[i - 1] | 3ull << (2 * (i - 1)); /* 2 bits a step */
    g_autofree TsMeasures *measures = make_measures(hashes, 33, 1);
    TsDuplicateOptions options = {TRUE, 1 << TS_HASH_PHASH, 2, 4, 1000};
    g_autoptr(TsDuplicates) cut = ts_duplicates_find(measures, 33, NULL, NULL, -1, &options, NULL);
    ck_assert_uint_gt(cut->n_groups, 10);
    ck_assert_uint_gt(cut->n_cut, 0);
    options.diameter = 64;
    g_autoptr(TsDuplicates) whole =
        ts_duplicates_find(measures, 33, NULL, NULL, -1, &options, NULL);
    ck_assert_uint_eq(whole->n_groups, 1);
    ck_assert_uint_eq(whole->n_cut, 0);
}
END_TEST

START_TEST(what_is_kept_is_outside_of_train_then_large_then_first)
{
    const guint64 hashes[] = {7, 7, 7, 7, 7};
    g_autofree TsMeasures *measures = make_measures(hashes, 5, 5); /* widths 10 11 12 10 11 */
    const TsDuplicateOptions options = {TRUE, 1 << TS_HASH_PHASH, 0, 0, 10};
    const gint32 splits[] = {0, 0, 0, 1, 1};
    g_autoptr(TsDuplicates) plain = ts_duplicates_find(measures, 5, NULL, NULL, -1, &options, NULL);
    ck_assert_uint_eq(plain->n_groups, 1);
    ck_assert_uint_eq(plain->kept[0], 2);
    g_autoptr(TsDuplicates) split =
        ts_duplicates_find(measures, 5, NULL, splits, 0, &options, NULL);
    ck_assert_uint_eq(split->kept[0], 4);
    ck_assert_int_eq(split->distance[0], 0);
    ck_assert_int_eq(split->distance[4], -1);
}
END_TEST

START_TEST(pictures_of_one_colour_and_unreadable_ones_are_near_nothing)
{
    const guint64 hashes[] = {1, 1, 1, 1};
    g_autofree TsMeasures *measures = make_measures(hashes, 4, 4);
    measures[0].constant = measures[1].constant = TRUE;
    measures[2].look = TS_LOOK_TRUNCATED;
    const TsDuplicateOptions options = {TRUE, 1 << TS_HASH_PHASH, 4, 8, 10};
    g_autoptr(TsDuplicates) found = ts_duplicates_find(measures, 4, NULL, NULL, -1, &options, NULL);
    ck_assert_uint_eq(found->n_groups, 0);
    memcpy(measures[1].digest, measures[0].digest, 16);
    g_autoptr(TsDuplicates) equal = ts_duplicates_find(measures, 4, NULL, NULL, -1, &options, NULL);
    ck_assert_uint_eq(equal->n_groups, 1);
    ck_assert_uint_eq(equal->exact[0].partner, 1);
    ck_assert_uint_eq(equal->near[0].partner, TS_NO_PARTNER);
}
END_TEST

START_TEST(shrinking_keeps_one_colour_and_copies_the_same_size)
{
    guint8 in[30 * 20 * 3], out[7 * 33 * 3], same[sizeof in];
    memset(in, 137, sizeof in);
    ck_assert(ts_shrink(in, 30, 20, 3, TS_SHRINK_LANCZOS, out, 7, 33, NULL));
    for (gsize i = 0; i < sizeof out; i++)
        ck_assert_uint_eq(out[i], 137);
    for (gsize i = 0; i < sizeof in; i++)
        in[i] = (guint8) (i * 7);
    ck_assert(ts_shrink(in, 30, 20, 3, TS_SHRINK_BICUBIC, same, 30, 20, NULL));
    ck_assert_mem_eq(in, same, sizeof in);
}
END_TEST

START_TEST(files_are_told_by_their_first_bytes)
{
    static const struct {
        const char *bytes;
        gsize n;
        TsContainer kind;
        gboolean cut;
    } cases[] = {
        {"\xff\xd8\xff\xe0....\xff\xd9", 10, TS_CONTAINER_JPEG, FALSE},
        {"\xff\xd8\xff\xe0....", 8, TS_CONTAINER_JPEG, TRUE},
        {"\x89PNG\r\n\x1a\n....IEND....", 20, TS_CONTAINER_PNG, FALSE},
        {"\x89PNG\r\n\x1a\n....", 12, TS_CONTAINER_PNG, TRUE},
        {"GIF89a...;", 10, TS_CONTAINER_GIF, FALSE},
        {"GIF87a....", 10, TS_CONTAINER_GIF, TRUE},
        {"RIFF\4\0\0\0WEBP", 12, TS_CONTAINER_WEBP, FALSE},
        {"RIFF\5\0\0\0WEBP", 12, TS_CONTAINER_WEBP, TRUE},
        {"II*\0\10\0\0\0\0\0", 10, TS_CONTAINER_TIFF, FALSE},
        {"MM\0*\0\0\1\0\0\0", 10, TS_CONTAINER_TIFF, TRUE},
        {"II+\0\10\0", 6, TS_CONTAINER_TIFF, TRUE},
        {"MM\0*", 4, TS_CONTAINER_TIFF, TRUE},
        {"BM\6\0\0\0", 6, TS_CONTAINER_BMP, FALSE},
        {"BM\7\0\0\0", 6, TS_CONTAINER_BMP, TRUE},
        {"BM", 2, TS_CONTAINER_BMP, TRUE},
        {"", 0, TS_CONTAINER_UNKNOWN, TRUE},
        {"hello", 5, TS_CONTAINER_UNKNOWN, FALSE},
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree guint8 *bytes = g_memdup2(cases[i].bytes, MAX(cases[i].n, 1));
        ck_assert_int_eq(ts_container_detect(bytes, cases[i].n), cases[i].kind);
        ck_assert_msg(ts_container_is_cut(bytes, cases[i].n) == cases[i].cut, "case %u", i);
    }
    ck_assert(ts_container_contradicts(TS_CONTAINER_PNG, "a/b.JPG"));
    ck_assert(!ts_container_contradicts(TS_CONTAINER_JPEG, "a/b.JPG"));
    ck_assert(!ts_container_contradicts(TS_CONTAINER_JPEG, "a.png/b"));
    ck_assert(!ts_container_contradicts(TS_CONTAINER_JPEG, "a/b.dat"));
    ck_assert(!ts_container_contradicts(TS_CONTAINER_UNKNOWN, "a/b.png"));
    ck_assert(!ts_container_contradicts(TS_CONTAINER_JPEG, "a/b."));
}
END_TEST

/* A cache of some measures, as text. */
static char *
make_cache(gsize *n, char **keys, TsMeasures *measures)
{
    char *text;
    TsRng rng;
    ts_rng_init(&rng, 3, "test-check", 1);
    for (guint32 i = 0; i < 8; i++) {
        g_autofree char *path = g_strdup_printf("/data/\tpicture %u\n.png", i);
        keys[i] = ts_check_cache_key(path, i * 1000, -5 + i, "x=1;y=2;");
        measures[i] = (TsMeasures){.look = TS_LOOK_OK,
                                   .container = TS_CONTAINER_PNG,
                                   .width = 1 + (int) i,
                                   .height = 7,
                                   .constant = i == 3,
                                   .bright_5 = ts_rng_uniform(&rng),
                                   .bright_99 = 1,
                                   .entropy = 8 * ts_rng_uniform(&rng),
                                   .edges = 0.1,
                                   .grey_deviation = 1e6 / 3};
        for (int k = 0; k < 16; k++)
            measures[i].digest[k] = (guint8) ts_rng_below(&rng, 256);
        for (int k = 0; k < TS_HASHES; k++)
            measures[i].hashes[k] = ts_rng_below(&rng, 1ull << 62) * 3;
    }
    g_autofree char *folder = g_dir_make_tmp("tessera-test-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, "cache", NULL);
    ck_assert(ts_check_cache_write(path, keys, measures, 8, NULL));
    ck_assert(g_file_get_contents(path, &text, n, NULL));
    remove(path);
    remove(folder);
    return text;
}

static gboolean
same_measures(const TsMeasures *a, const TsMeasures *b)
{
    return a->look == b->look && a->container == b->container && a->constant == b->constant &&
           a->width == b->width && a->height == b->height &&
           memcmp(a->digest, b->digest, sizeof a->digest) == 0 &&
           memcmp(a->hashes, b->hashes, sizeof a->hashes) == 0 && a->bright_5 == b->bright_5 &&
           a->bright_99 == b->bright_99 && a->entropy == b->entropy && a->edges == b->edges &&
           a->grey_deviation == b->grey_deviation;
}

/* Parse a copy of the text; every measure that it knows must be right. Returns how many it knows,
 * -1 if it is refused. */
static int
count_known(const char *text, gsize n, char *const *keys, const TsMeasures *measures)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(TsCheckCache) cache = ts_check_cache_parse(g_memdup2(text, n), n, "cache", &error);
    ck_assert((cache == NULL) == (error != NULL));
    int known = 0;
    for (int i = 0; cache != NULL && i < 8; i++) {
        TsMeasures read = {0};
        if (!ts_check_cache_get(cache, keys[i], &read))
            continue;
        ck_assert(same_measures(&read, &measures[i]));
        known++;
    }
    return cache != NULL ? known : -1;
}

START_TEST(the_cache_gives_back_what_it_was_given_or_nothing)
{
    gsize n;
    char *keys[8];
    TsMeasures measures[8];
    g_autofree char *text = make_cache(&n, keys, measures);
    ck_assert_int_eq(count_known(text, n, keys, measures), 8);
    ck_assert_int_eq(count_known(text, 0, keys, measures), 0);
    for (gsize at = 0; at < n; at++) { /* each byte changed in some ways, and the rest cut off */
        for (guint k = 0; k < 4; k++) {
            g_autofree char *bad = g_memdup2(text, n);
            bad[at] = (char) (bad[at] ^ (const char[]){1, 16, '\n', '\t'}[k]);
            const int known = bad[at] == text[at] ? 7 : count_known(bad, n, keys, measures);
            ck_assert_int_le(known, 7);
        }
        const int left = count_known(text, at, keys, measures);
        ck_assert_int_le(left, 7);
    }
    for (int i = 0; i < 8; i++)
        g_free(keys[i]);
}
END_TEST

/* Put the right checksum behind a line. */
static char *
sign(const char *header, const char *line, guint32 crc)
{
    return g_strdup_printf("%s%s\t%08x\n", header, line, crc);
}

START_TEST(signed_lines_with_impossible_numbers_are_not_believed)
{
    gsize n;
    char *keys[8];
    TsMeasures measures[8], read;
    g_autofree char *text = make_cache(&n, keys, measures);
    char *line = strchr(text, '\n') + 1;
    g_autofree char *header = g_strndup(text, (gsize) (line - text));
    *strchr(line, '\n') = '\0';
    *strrchr(line, '\t') = '\0';
    g_auto(GStrv) fields = g_strsplit(line, "\t", -1);
    static const struct {
        guint field;
        const char *value;
    } bad[] = {{4, "99"}, {4, "-1"}, {5, "2"},  {6, "0"},    {7, "x"},   {8, "12"},
               {9, "G"},  {10, ""},  {12, "2"}, {13, "nan"}, {14, "-1"}, {15, "inf"}};
    for (guint i = 0; i <= G_N_ELEMENTS(bad); i++) {
        char *old = i > 0 ? fields[bad[i - 1].field] : NULL;
        if (i > 0)
            fields[bad[i - 1].field] = (char *) bad[i - 1].value;
        g_autofree char *changed = g_strjoinv("\t", fields);
        char *whole = sign(header, changed, ts_crc32c(0, changed, strlen(changed)));
        g_autoptr(TsCheckCache) cache = ts_check_cache_parse(whole, strlen(whole), "cache", NULL);
        ck_assert_uint_eq(ts_check_cache_n(cache), i == 0);
        ck_assert_uint_eq(ts_check_cache_n_rejected(cache), i > 0);
        ck_assert(ts_check_cache_get(cache, keys[0], &read) == (i == 0));
        if (i > 0)
            fields[bad[i - 1].field] = old;
    }
    for (int i = 0; i < 8; i++)
        g_free(keys[i]);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("check");
    TCase *tests = tcase_create("check");
    tcase_add_test(tests, every_number_of_parts_finds_what_brute_force_finds);
    tcase_add_test(tests, pairs_are_in_order_and_within_the_radius);
    tcase_add_test(tests, pairs_do_not_depend_on_threads_and_too_many_are_an_error);
    tcase_add_test(tests, leaks_and_conflicts_are_the_nearest_of_another_split_and_label);
    tcase_add_test(tests, no_two_of_a_group_are_further_apart_than_the_diameter);
    tcase_add_test(tests, a_chain_is_cut);
    tcase_add_test(tests, what_is_kept_is_outside_of_train_then_large_then_first);
    tcase_add_test(tests, pictures_of_one_colour_and_unreadable_ones_are_near_nothing);
    tcase_add_test(tests, shrinking_keeps_one_colour_and_copies_the_same_size);
    tcase_add_test(tests, files_are_told_by_their_first_bytes);
    tcase_add_test(tests, the_cache_gives_back_what_it_was_given_or_nothing);
    tcase_add_test(tests, signed_lines_with_impossible_numbers_are_not_believed);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
