/* Labels and class counts of tiles from masks. */
#include "base/error.h"
#include "pictures.h"
#include "tiling/judge/judge.h"
#include "tiling/judge/label_mask.h"
#include "tiling/judge/label_rule.h"

enum { WIDTH = 60, HEIGHT = 44 };

/* Blobs of a few classes; in RGB a colour for each. */
static TsImage *
make_mask(int bands, TsSampleType type, const guint32 *values, guint n)
{
    TsImage *mask = ts_image_new(WIDTH, HEIGHT, bands, type, NULL);
    for (int y = 0; y < HEIGHT; y++)
        for (int x = 0; x < WIDTH; x++) {
            guint32 value = values[(guint) (x * x / 70 + y * y / 50 + x * y / 40) % n];
            int i = y * WIDTH + x;
            if (bands == 3)
                for (int b = 0; b < 3; b++)
                    mask->data[3 * i + b] = (guint8) (value >> (16 - 8 * b));
            else if (type == TS_U8)
                mask->data[i] = (guint8) value;
            else if (type == TS_U16)
                ((guint16 *) mask->data)[i] = (guint16) value;
            else
                ((gint32 *) mask->data)[i] = (gint32) value;
        }
    return mask;
}

static char *
save(const TsImage *image, const char *name)
{
    char *path = scratch(name);
    g_autoptr(GError) error = NULL;
    ck_assert_msg(ts_image_write(image, path, NULL, TRUE, &error), "%s", message(error));
    return path;
}

/* An image of WIDTH x HEIGHT with a mask, and the judge of both. */
typedef struct {
    TsImageInfo info;
    char *path;
    TsJudgeInput input;
} Pair;

static void
pair_init(Pair *pair, const char *name)
{
    g_autoptr(TsImage) image = ramp(WIDTH, HEIGHT, 1);
    *pair = (Pair){.path = save(image, name)};
    pair->info = (TsImageInfo){.width = WIDTH, .height = HEIGHT, .bands = 1, .type = TS_U8};
    pair->input = (TsJudgeInput){.path = pair->path, .info = &pair->info};
}

static void
look(const TsJudge *judge, const TsImage *mask, int x, int y, int width, int height,
     TsVerdict *verdict)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(TsJudgeImage) state = NULL;
    g_autoptr(TsImage) part = ts_image_crop(mask, x, y, width, height, NULL);
    const TsImage *layers[] = {part};
    TsTileView view = {.like = mask,
                       .x = x,
                       .y = y,
                       .width = width,
                       .height = height,
                       .layers = layers,
                       .n_layers = 1};
    ck_assert_msg(ts_judge_begin_image(judge, 0, &state, &error), "%s", message(error));
    ck_assert_msg(ts_judge_look(judge, state, &view, verdict, &error), "%s", message(error));
}

static const struct {
    int bands;
    TsSampleType type;
    guint32 values[4];
    const char *columns;
} kinds[] = {
    {1, TS_U8, {0, 1, 7, 255}, "n_0 n_1 n_7 n_255"},
    {1, TS_U16, {0, 9, 300, 65535}, "n_0 n_9 n_300 n_65535"},
    {3, TS_U8, {0, 0xff0000, 0x00ff00, 0x0a0b0c}, "n_#000000 n_#00ff00 n_#0a0b0c n_#ff0000"},
};

START_TEST(counts_over_a_partition_sum_to_the_masks_histogram)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(TsImage) mask = make_mask(kinds[_i].bands, kinds[_i].type, kinds[_i].values, 4);
    g_autofree char *path = save(mask, "mask.tif");
    const char *masks[] = {path, NULL};
    TsJudgeOptions options = {.masks = masks};
    Pair pair;
    pair_init(&pair, "image.png");
    g_autoptr(TsJudge) judge = ts_judge_new(&options, &pair.input, 1, &error);
    ck_assert_msg(judge != NULL, "%s", message(error));
    g_autofree char *columns = g_strjoinv(" ", (char **) ts_judge_columns(judge));
    ck_assert_str_eq(columns, kinds[_i].columns);
    gint64 sums[4] = {0}, whole[4];
    for (int y = 0; y < HEIGHT; y += 11)
        for (int x = 0; x < WIDTH; x += 16) {
            g_auto(TsVerdict) verdict = {0};
            look(judge, mask, x, y, MIN(16, WIDTH - x), 11, &verdict);
            for (int i = 0; i < 4; i++)
                sums[i] += g_ascii_strtoll(verdict.values[i], NULL, 10);
        }
    g_auto(TsVerdict) verdict = {0};
    look(judge, mask, 0, 0, WIDTH, HEIGHT, &verdict);
    for (int i = 0; i < 4; i++)
        whole[i] = g_ascii_strtoll(verdict.values[i], NULL, 10);
    ck_assert_mem_eq(sums, whole, sizeof sums);
    ck_assert_int_eq(sums[0] + sums[1] + sums[2] + sums[3], WIDTH * HEIGHT);
    ck_assert(sums[0] > 0 && sums[1] > 0 && sums[2] > 0 && sums[3] > 0);
    g_free(pair.path);
}
END_TEST

static const struct {
    const char *rules[3];
    guint64 counts[4]; /* of the classes a, b, c and the ignored d */
    int centre;
    const char *label;
} cases[] = {
    {{"majority"}, {5, 7, 1, 90}, 0, "b"},
    {{"majority"}, {7, 7, 7, 90}, 2, "a"},
    {{"majority"}, {0, 0, 0, 90}, -1, NULL},
    {{"majority-except:a"}, {9, 3, 3, 0}, 0, "b"},
    {{"majority-except:a, b"}, {9, 3, 0, 0}, 0, NULL},
    {{"any:c,b"}, {90, 1, 1, 0}, 0, "c"},
    {{"any:c,b"}, {90, 1, 0, 0}, 0, "b"},
    {{"any:c"}, {90, 1, 0, 9}, 0, NULL},
    {{"b>=0.25"}, {3, 1, 0, 90}, 0, "b"},
    {{"b>0.25"}, {3, 1, 0, 90}, 0, NULL},
    {{"b>=0"}, {0, 0, 0, 90}, 0, NULL},
    {{"centre"}, {3, 1, 0, 0}, 1, "b"},
    {{"centre"}, {3, 1, 0, 0}, -1, NULL},
    {{"b>=0.5", "any:c", "=rest"}, {4, 1, 1, 0}, 0, "c"},
    {{"b>=0.5", "any:c", "=rest"}, {4, 1, 0, 0}, 0, "rest"},
    {{"1>=0.5", "0>=0.5", "=none"}, {1, 4, 0, 0}, 0, "b"},
};

START_TEST(the_first_rule_that_gives_a_label_wins)
{
    g_autoptr(TsLabelClasses) classes = ts_label_classes_new();
    const char *label = NULL;
    for (guint i = 0; i < 4; i++)
        ts_label_classes_add_named(classes, 3 - i, (const char *[]){"d", "c", "b", "a"}[i]);
    ts_label_classes_finish(classes);
    g_array_index(classes->list, TsLabelClass, 3).ignored = TRUE;
    guint64 counts[4];
    memcpy(counts, cases[_i].counts, sizeof counts);
    counts[3] = 0; /* as for all that is ignored */
    for (int i = 0; i < 3 && cases[_i].rules[i] != NULL && label == NULL; i++) {
        g_auto(TsLabelRule) rule = {0};
        g_autoptr(GError) error = NULL;
        ck_assert_msg(ts_label_rule_init(&rule, cases[_i].rules[i], &error), "%s", message(error));
        ck_assert_msg(ts_label_rule_bind(&rule, classes, &error), "%s", message(error));
        label = g_intern_string(ts_label_rule_apply(&rule, classes, counts, cases[_i].centre));
    }
    ck_assert_pstr_eq(label, cases[_i].label);
}
END_TEST

/* One tile with four columns of a class each, by a file of names. */
static void
judge_stripes(const TsJudgeOptions *wanted, const char *names, TsVerdict *verdict, char **columns)
{
    g_autoptr(GError) error = NULL;
    TsJudgeOptions options = *wanted;
    g_autofree char *classes = scratch("classes.txt");
    g_autoptr(TsImage) mask = ts_image_new(WIDTH, HEIGHT, 1, TS_U8, NULL);
    Pair pair;
    for (int i = 0; i < WIDTH * HEIGHT; i++)
        mask->data[i] = (guint8) (i % WIDTH / 15);
    g_autofree char *path = save(mask, "stripes.png");
    pair_init(&pair, "image.png");
    pair.input.mask = path;
    ck_assert(g_file_set_contents(classes, names, -1, NULL));
    options.classes = classes;
    g_autoptr(TsJudge) judge = ts_judge_new(&options, &pair.input, 1, &error);
    ck_assert_msg(judge != NULL, "%s", message(error));
    ck_assert_str_eq(ts_judge_layer_column(judge, 0), "mask");
    ck_assert_str_eq(ts_judge_layer_path(judge, 0, 0), path);
    *columns = g_strjoinv(" ", (char **) ts_judge_columns(judge));
    look(judge, mask, 5, 0, 50, 4, verdict);
    verdict->reason = g_intern_string(verdict->reason);
    g_free(pair.path);
}

START_TEST(values_of_one_name_are_one_class_and_ignored_ones_no_data)
{
    const char *rules[] = {"tissue>=0.66", NULL}, *drop[] = {"void>0.5", "label=tissue", NULL};
    TsJudgeOptions options = {.labels = rules, .drop = drop, .ignore = "hole"};
    g_auto(TsVerdict) verdict = {0};
    g_autofree char *columns = NULL;
    judge_stripes(&options, "0 void\n1\ttissue\n\n2 tissue\n3 hole\n9 more\n", &verdict, &columns);
    ck_assert_str_eq(columns, "label n_void n_tissue n_more n_ignored");
    g_autofree char *values = g_strjoinv(" ", verdict.values);
    ck_assert_str_eq(values, "tissue 40 120 0 40");
    ck_assert_str_eq(verdict.reason, "--drop label=tissue");
}
END_TEST

START_TEST(no_label_is_none_for_rules)
{
    const char *rules[] = {"any:more", NULL}, *drop[] = {"label=none", NULL};
    TsJudgeOptions options = {.labels = rules, .drop = drop};
    g_auto(TsVerdict) verdict = {0};
    g_autofree char *columns = NULL;
    judge_stripes(&options, "0 a\n1 b\n2 c\n3 d\n9 more\n", &verdict, &columns);
    ck_assert_ptr_null(verdict.values[0]);
    ck_assert_str_eq(verdict.reason, "--drop label=none");
}
END_TEST

static const struct {
    const char *mask, *label, *classes, *ignore, *drop, *message;
    TsError code;
} refused[] = {
    {NULL, "majority", NULL, NULL, NULL, "--label: there are no classes without --mask or",
     TS_ERROR_ARGUMENT},
    {"m.png", "any:", NULL, NULL, NULL, "--label: 'any:' lacks", TS_ERROR_ARGUMENT},
    {"m.png", "any:a,,b", NULL, NULL, NULL, "--label: 'any:a,,b' lacks the name of a class",
     TS_ERROR_ARGUMENT},
    {"m.png", "most", NULL, NULL, NULL, "--label: 'most' is no rule; there are majority",
     TS_ERROR_ARGUMENT},
    {"m.png", "1>=50", NULL, NULL, NULL, "--label: '1>=50': a part lies within 0 and 1",
     TS_ERROR_ARGUMENT},
    {"m.png", "1<0.5", NULL, NULL, NULL, "--label: '1<0.5' is no rule", TS_ERROR_ARGUMENT},
    {"m.png", "any:b", NULL, NULL, NULL, "--label: 'b' is none of the classes 0, 1",
     TS_ERROR_ARGUMENT},
    {"m.png", "any:1", NULL, "1", NULL, "--label: '1' is ignored, by --ignore", TS_ERROR_ARGUMENT},
    {"m.png", NULL, NULL, "x", NULL, "--ignore: 'x' is none of the classes 0, 1",
     TS_ERROR_ARGUMENT},
    {"m.png", "majority", NULL, NULL, "label<2",
     "--drop: 'label<2': a label is = or !=", TS_ERROR_ARGUMENT},
    {"m.png", NULL, NULL, NULL, "b<2", "--drop: 'b' is none of range,", TS_ERROR_ARGUMENT},
    {"m.png", NULL, "0\n", NULL, NULL, "classes.txt:1: expected a value", TS_ERROR_FORMAT},
    {"m.png", NULL, "0 a\n0 b\n", NULL, NULL, "classes.txt:2: '0' stands there twice",
     TS_ERROR_FORMAT},
    {"m.png", NULL, "0 a\n#000000 b\n", NULL, NULL, "classes.txt:2: colours and numbers",
     TS_ERROR_FORMAT},
    {"m.png", NULL, "#000000 b\n", NULL, NULL, "m.png: has numbers, but", TS_ERROR_FORMAT},
    {"m.png", NULL, "\n", NULL, NULL, "classes.txt: no class", TS_ERROR_FORMAT},
    {"m.png", NULL, "1 ignored\n", "0", NULL, "--ignore: '0' is none of the classes ignored",
     TS_ERROR_ARGUMENT},
    {"small.png", NULL, NULL, NULL, NULL, "small.png: is 3 x 2 pixels, but its image",
     TS_ERROR_FORMAT},
    {"float.tif", NULL, NULL, NULL, NULL, "float.tif: 1 float bands are no mask", TS_ERROR_FORMAT},
    {"shades.tif", NULL, NULL, NULL, NULL, "shades.tif: more than 1024 different values",
     TS_ERROR_FORMAT},
    {"missing.png", NULL, NULL, NULL, NULL, "missing.png", TS_ERROR_IO},
    {"", NULL, NULL, NULL, NULL, "has no file 'photo' (.png", TS_ERROR_IO},
};

static void
write_masks(void)
{
    g_autoptr(TsImage) mask = make_mask(1, TS_U8, (const guint32[]){0, 1}, 2);
    g_autoptr(TsImage) small = ts_image_new(3, 2, 1, TS_U8, NULL);
    g_autoptr(TsImage) floats = ts_image_new(WIDTH, HEIGHT, 1, TS_F32, NULL);
    g_autoptr(TsImage) shades = pattern(WIDTH, HEIGHT, 1, TS_U16);
    g_free(save(mask, "m.png"));
    g_free(save(small, "small.png"));
    g_free(save(floats, "float.tif"));
    g_free(save(shades, "shades.tif"));
}

START_TEST(what_cannot_be_is_named)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *classes = scratch("classes.txt");
    g_autofree char *path = refused[_i].mask != NULL ? scratch(refused[_i].mask) : NULL;
    const char *masks[] = {path, NULL}, *labels[] = {refused[_i].label, NULL};
    const char *drop[] = {refused[_i].drop, NULL};
    TsJudgeOptions options = {
        .masks = masks, .labels = labels, .ignore = refused[_i].ignore, .drop = drop};
    Pair pair;
    write_masks();
    pair_init(&pair, "photo.jpg");
    if (refused[_i].classes != NULL) {
        ck_assert(g_file_set_contents(classes, refused[_i].classes, -1, NULL));
        options.classes = classes;
    }
    ck_assert_ptr_null(ts_judge_new(&options, &pair.input, 1, &error));
    ck_assert_msg(strstr(error->message, refused[_i].message) != NULL, "%s", error->message);
    ck_assert_msg(g_error_matches(error, TS_ERROR, (int) refused[_i].code), "%s", error->message);
    g_free(pair.path);
}
END_TEST

START_TEST(masks_are_found_by_file_folder_and_pattern)
{
    static const char *const suffixes[] = {".png", ".tif", NULL};
    g_autoptr(GError) error = NULL;
    g_autofree char *mask = scratch("a.b.png"), *second = scratch("a.b.tif");
    g_autofree char *pattern_text = scratch("{stem}_{stem}.png");
    g_autofree char *want = scratch("a.b_a.b.png");
    ck_assert(g_file_set_contents(mask, "", 0, NULL));
    g_autofree char *found = ts_label_find_file(folder, "x/a.b.jpg", 2, suffixes, "--mask", &error);
    ck_assert_pstr_eq(found, mask);
    g_autofree char *named = ts_label_find_file("m.png", "x/a.jpg", 1, suffixes, "--mask", &error);
    ck_assert_pstr_eq(named, "m.png");
    g_autofree char *made =
        ts_label_find_file(pattern_text, "x/a.b.jpg", 2, suffixes, "--mask", &error);
    ck_assert_pstr_eq(made, want);
    ck_assert_ptr_null(ts_label_find_file("m.png", "x/a.jpg", 2, suffixes, "--mask", &error));
    ck_assert_ptr_nonnull(strstr(error->message, "one file 'm.png' for 2 images"));
    g_clear_error(&error);
    ck_assert(g_file_set_contents(second, "", 0, NULL));
    ck_assert_ptr_null(ts_label_find_file(folder, "a.b.jpg", 2, suffixes, "--mask", &error));
    ck_assert_ptr_nonnull(strstr(error->message, "both "));
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_loop_test(tests, counts_over_a_partition_sum_to_the_masks_histogram, 0,
                        G_N_ELEMENTS(kinds));
    tcase_add_loop_test(tests, the_first_rule_that_gives_a_label_wins, 0, G_N_ELEMENTS(cases));
    tcase_add_test(tests, values_of_one_name_are_one_class_and_ignored_ones_no_data);
    tcase_add_test(tests, no_label_is_none_for_rules);
    tcase_add_loop_test(tests, what_cannot_be_is_named, 0, G_N_ELEMENTS(refused));
    tcase_add_test(tests, masks_are_found_by_file_folder_and_pattern);
}

int
main(void)
{
    return pictures_run("label", add_tests);
}
