/* Lists of random changes, as text. */
#include "sample/augment.h"

#include "base/error.h"
#include "base/nearest.h"
#include "base/number.h"
#include "image/transform/pad.h"
#include "sample/augment_policy.h"

#include <math.h>
#include <string.h>

typedef enum {
    PLAIN,  /* no value */
    EITHER, /* N: -N .. N */
    FACTOR, /* N: 1 / (1 + N) .. 1 + N, uniform in its logarithm */
    EXACT,  /* N: N */
    UP_TO,  /* N: 0 .. N */
    SIZE,   /* WxH */
    SHARE,  /* N: N .. 1, then WxH */
    PADDED, /* N: a number of pixels, then what is beyond the edge */
    POLICY, /* nothing, or how many of what magnitude */
} Style;

enum { CLAHE_PARTS = 8 }; /* as OpenCV and albumentations */

typedef struct {
    Style style;
    double max_number; /* of N */
    double min, max;   /* of A..B */
    const char *help;
} Rule;

static const Rule rules[TS_N_AUGMENTS] = {
    [TS_EDIT_HFLIP] = {PLAIN, 0, 0, 0, ""},
    [TS_EDIT_VFLIP] = {PLAIN, 0, 0, 0, ""},
    [TS_EDIT_D4] = {PLAIN, 0, 0, 0, ""},
    [TS_EDIT_ROTATE] = {EITHER, 180, -360, 360, "=DEGREES"},
    [TS_EDIT_SCALE] = {FACTOR, 10, 0.01, 100, "=X"},
    [TS_EDIT_SHEAR] = {EITHER, 80, -80, 80, "=DEGREES"},
    [TS_EDIT_SHIFT] = {EITHER, 1, -1, 1, "=SHARE"},
    [TS_EDIT_CROP] = {SIZE, 0, 0, 0, "=WxH"},
    [TS_EDIT_RESIZED_CROP] = {SHARE, 1, 0.001, 1, "=SHARE..SHARE[:WxH]"},
    [TS_EDIT_PERSPECTIVE] = {UP_TO, 0.9, 0, 0.9, "=SHARE"},
    [TS_EDIT_ELASTIC] = {EXACT, 10000, 0, 10000, "=ALPHA:SIGMA"},
    [TS_EDIT_BRIGHTNESS] = {EITHER, 1, -1, 10, "=SHARE"},
    [TS_EDIT_CONTRAST] = {EITHER, 1, -1, 10, "=SHARE"},
    [TS_EDIT_GAMMA] = {FACTOR, 10, 0.05, 20, "=X"},
    [TS_EDIT_SATURATION] = {EITHER, 1, -1, 10, "=SHARE"},
    [TS_EDIT_HUE] = {EITHER, 0.5, -0.5, 0.5, "=SHARE"},
    [TS_EDIT_BLUR] = {UP_TO, 100, 0, 100, "=SIGMA"},
    [TS_EDIT_SHARPEN] = {UP_TO, 10, 0, 10, "=AMOUNT"},
    [TS_EDIT_NOISE] = {UP_TO, 1, 0, 1, "=DEVIATION"},
    [TS_EDIT_POISSON] = {EXACT, 1e7, 1, 1e7, "=PEAK"},
    [TS_EDIT_SALT_PEPPER] = {UP_TO, 1, 0, 1, "=SHARE"},
    [TS_EDIT_JPEG] = {EXACT, 100, 1, 100, "=QUALITY"},
    [TS_EDIT_ERASE] = {EXACT, 1, 0.0001, 1, "=SHARE"},
    [TS_EDIT_CLAHE] = {EXACT, 1000, 0.1, 1000, "=LIMIT[:PARTS]"},
    [TS_EDIT_STAIN] = {EITHER, 1, -1, 1, "=X"},
    [TS_EDIT_SHEAR_Y] = {EITHER, 80, -80, 80, "=DEGREES"},
    [TS_EDIT_PADDED_CROP] = {PADDED, 0, 0, 0, "=PIXELS[:zero|reflect|edge]"},
    [TS_EDIT_POSTERIZE] = {EXACT, 8, 1, 8, "=BITS"},
    [TS_EDIT_SOLARIZE] = {EXACT, 1, 0, 1, "=SHARE"},
    [TS_EDIT_AUTOCONTRAST] = {PLAIN, 0, 0, 0, ""},
    [TS_EDIT_EQUALIZE] = {PLAIN, 0, 0, 0, ""},
    [TS_EDIT_SHARPNESS] = {EITHER, 1, -1, 10, "=SHARE"},
    [TS_AUGMENT_RANDAUGMENT] = {POLICY, 0, 0, 0, "[=N:MAGNITUDE]"},
    [TS_AUGMENT_TRIVIAL] = {PLAIN, 0, 0, 0, ""},
};

const char *
ts_augment_name(int kind)
{
    return kind == TS_AUGMENT_RANDAUGMENT ? "randaugment"
           : kind == TS_AUGMENT_TRIVIAL   ? "trivialaugment"
                                          : ts_edit_name((TsEditKind) kind);
}

static int
find_kind(const char *name)
{
    for (int kind = TS_N_EDITS; kind < TS_N_AUGMENTS; kind++)
        if (g_str_equal(name, ts_augment_name(kind)))
            return kind;
    return ts_edit_find(name);
}

static gboolean
parse_number(const char *text, double min, double max, double *value)
{
    return ts_parse_double(text, min, max, "", value, NULL);
}

/* "A..B", or "N" as the style has it. */
static gboolean
parse_range(const char *text, const Rule *rule, double *low, double *high)
{
    const char *dots = strstr(text, "..");
    if (dots != NULL) {
        g_autofree char *first = g_strndup(text, (gsize) (dots - text));
        return parse_number(first, rule->min, rule->max, low) &&
               parse_number(dots + 2, *low, rule->max, high);
    }
    const double min = rule->style == SHARE || rule->style == EXACT ? rule->min : 0;
    if (!parse_number(text, min, rule->max_number, high))
        return FALSE;
    *low = rule->style == EITHER   ? -*high
           : rule->style == FACTOR ? 1 / (1 + *high)
           : rule->style == UP_TO  ? 0
                                   : *high;
    if (rule->style == FACTOR)
        *high = 1 + *high;
    if (rule->style == SHARE)
        *high = 1;
    return TRUE;
}

static gboolean
parse_size(const char *text, TsAugmentItem *item)
{
    return ts_parse_size(text, "", &item->width, &item->height, NULL);
}

static gboolean
parse_padding(char **values, guint n, TsAugmentItem *item)
{
    static const char *const names[] = {
        [TS_PADDING_ZERO] = "zero", [TS_PADDING_REFLECT] = "reflect", [TS_PADDING_EDGE] = "edge"};
    if (n < 1 || n > 2 || !parse_number(values[0], 1, 1 << 20, &item->middle) ||
        item->middle != rint(item->middle))
        return FALSE;
    for (guint i = 0; i < G_N_ELEMENTS(names); i++)
        if (n == 1 || g_str_equal(values[1], names[i])) {
            item->extra = i;
            return TRUE;
        }
    return FALSE;
}

/* RandAugment's number of changes and their magnitude. */
static gboolean
parse_policy(char **values, guint n, TsAugmentItem *item)
{
    item->extra = 2;
    item->middle = 9;
    return n == 0 || (n == 2 && parse_number(values[0], 1, TS_POLICY_MAX, &item->extra) &&
                      item->extra == rint(item->extra) &&
                      parse_number(values[1], 0, TS_POLICY_MAGNITUDE, &item->middle));
}

/* What stands behind the name, split at colons: the value and what some changes have beside it. */
static gboolean
parse_values(char **values, const Rule *rule, TsAugmentItem *item)
{
    const guint n = g_strv_length(values);
    double low = 0, high = 0;
    if (rule->style == SIZE)
        return n == 1 && parse_size(values[0], item);
    if (rule->style == PADDED)
        return parse_padding(values, n, item);
    if (rule->style == POLICY)
        return parse_policy(values, n, item);
    if (n < 1 || !parse_range(values[0], rule, &low, &high))
        return FALSE;
    item->is_factor = rule->style == FACTOR || item->kind == TS_EDIT_POISSON;
    if (item->is_factor) {
        low = log(low);
        high = log(high);
    }
    item->middle = (low + high) / 2;
    item->half = (high - low) / 2;
    if (item->kind == TS_EDIT_ELASTIC)
        return n == 2 && parse_number(values[1], 0.1, 1000, &item->extra);
    item->extra = CLAHE_PARTS;
    if (item->kind == TS_EDIT_CLAHE && n == 2)
        return parse_number(values[1], 1, 64, &item->extra) && item->extra == rint(item->extra);
    if (item->kind == TS_EDIT_RESIZED_CROP)
        return n == 1 || (n == 2 && parse_size(values[1], item));
    return n == 1;
}

/* Every name with its values, for messages. */
static char *
list_rules(void)
{
    GString *list = g_string_new(NULL);
    for (int i = 0; i < TS_N_AUGMENTS; i++)
        g_string_append_printf(list, "%s%s%s", i > 0 ? ", " : "", ts_augment_name(i),
                               rules[i].help);
    return g_string_free(list, FALSE);
}

static gboolean
refuse_values(const char *text, const char *name, const Rule *rule, GError **error)
{
    if (rule->style == POLICY)
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "augmentation '%s' is not %s%s, 1 to %d changes of a magnitude of 0 to "
                            "%d",
                            text, name, rule->help, TS_POLICY_MAX, TS_POLICY_MAGNITUDE);
    if (rule->style == PLAIN || rule->style == SIZE || rule->style == PADDED)
        return ts_error_set(error, TS_ERROR_ARGUMENT, "augmentation '%s' is not %s%s", text, name,
                            rule->help);
    return ts_error_set(error, TS_ERROR_ARGUMENT,
                        "augmentation '%s' is not %s%s, a number of up to %g or a range A..B "
                        "within %g to %g",
                        text, name, rule->help, rule->max_number, rule->min, rule->max);
}

/* crop=pad:4 is padded-crop=4. */
static char *
replace_alias(const char *text)
{
    static const char alias[] = "crop=pad:";
    return g_str_has_prefix(text, alias) ? g_strconcat("padded-crop=", text + strlen(alias), NULL)
                                         : g_strdup(text);
}

static gboolean
refuse_name(const char *text, const char *name, GError **error)
{
    const char *known[TS_N_AUGMENTS + 1] = {NULL};
    for (int kind = 0; kind < TS_N_AUGMENTS; kind++)
        known[kind] = ts_augment_name(kind);
    if (g_str_equal(name, "mixup") || g_str_equal(name, "cutmix") || g_str_equal(name, "remix"))
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "augmentation '%s' is not of one sample: train has --mix %s", text,
                            name);
    g_autofree char *hint = ts_nearest_hint(name, known);
    g_autofree char *list = list_rules();
    return ts_error_set(error, TS_ERROR_ARGUMENT, "augmentation '%s'%s is none of %s", text, hint,
                        list);
}

/* NAME, NAME=VALUES, and @PROBABILITY behind either. */
static gboolean
parse_item(const char *text, TsAugment *how, GError **error)
{
    g_autofree char *name = replace_alias(text);
    char *at = strchr(name, '@');
    if (at != NULL)
        *at = '\0';
    char *equals = strchr(name, '=');
    if (equals != NULL)
        *equals = '\0';
    int kind = find_kind(name);
    if (kind < 0)
        return refuse_name(text, name, error);
    TsAugmentItem item = {.kind = kind, .probability = kind <= TS_EDIT_VFLIP ? 0.5 : 1};
    const Rule *rule = &rules[kind];
    g_auto(GStrv) values = g_strsplit(equals != NULL ? equals + 1 : "", ":", -1);
    const gboolean takes_none = rule->style == PLAIN;
    if ((equals == NULL && !takes_none && rule->style != POLICY) ||
        (equals != NULL && takes_none) || (!takes_none && !parse_values(values, rule, &item)))
        return refuse_values(text, name, rule, error);
    if (at != NULL && !parse_number(at + 1, 0, 1, &item.probability))
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "augmentation '%s': @ is followed by a probability, 0 to 1", text);
    for (guint i = 0; i < how->n; i++)
        if (how->item[i].kind == item.kind)
            return ts_error_set(error, TS_ERROR_ARGUMENT, "augmentation '%s' stands twice", name);
    how->item[how->n++] = item;
    return TRUE;
}

gboolean
ts_augment_parse(const char *text, TsAugment *how, GError **error)
{
    /* Each once, RandAugment's and TrivialAugment's at their most. */
    G_STATIC_ASSERT((int) TS_N_EDITS + (int) TS_POLICY_MAX + 1 <= (int) TS_EDITS_MAX);
    *how = (TsAugment){0};
    if (strcmp(text, "none") == 0)
        return TRUE;
    g_auto(GStrv) items = g_strsplit(text, ",", -1);
    for (char **item = items; *item != NULL; item++)
        if (!parse_item(*item, how, error))
            return FALSE;
    return how->n > 0 || ts_error_set(error, TS_ERROR_ARGUMENT,
                                      "no augmentation is given; none is called 'none'");
}

gboolean
ts_augment_is_active(const TsAugment *how)
{
    return how->n > 0;
}

gboolean
ts_augment_needs_size(const TsAugment *how)
{
    for (guint i = 0; i < how->n; i++)
        if (rules[how->item[i].kind].style == SIZE || rules[how->item[i].kind].style == SHARE ||
            how->item[i].kind == TS_EDIT_ERASE || how->item[i].kind == TS_AUGMENT_TRIVIAL)
            return TRUE;
    return FALSE;
}

gboolean
ts_augment_crops(const TsAugment *how)
{
    for (guint i = 0; i < how->n; i++)
        if (how->item[i].kind == TS_EDIT_CROP || how->item[i].kind == TS_EDIT_RESIZED_CROP)
            return TRUE;
    return FALSE;
}

void
ts_augment_set_size(TsAugment *how, int width, int height)
{
    gboolean only_flips = TRUE;
    for (guint i = 0; i < how->n; i++) {
        TsAugmentItem item = how->item[i];
        const gboolean scales = item.kind == TS_EDIT_RESIZED_CROP;
        if (scales) {
            item.width = how->item[i].width = width;
            item.height = how->item[i].height = height;
        }
        if (only_flips && (scales || item.kind == TS_EDIT_CROP)) {
            memmove(&how->item[1], &how->item[0], i * sizeof *how->item);
            how->item[0] = item;
        }
        only_flips &= item.kind == TS_EDIT_HFLIP || item.kind == TS_EDIT_VFLIP ||
                      item.kind >= TS_EDIT_PHOTOMETRIC;
    }
}

static gboolean
check_size(const TsAugmentItem *item, int width, int height, GError **error)
{
    const char *name = ts_augment_name(item->kind);
    if (item->kind == TS_EDIT_D4 && width != height)
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "augmentation '%s' turns %d x %d pixels on their side; use hflip and "
                            "vflip, or a square size",
                            name, width, height);
    if (item->width > 0 && (item->width != width || item->height != height))
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "augmentation '%s' makes %d x %d pixels, %d x %d are needed here; "
                            "resized-crop without a size fits any",
                            name, item->width, item->height, width, height);
    return TRUE;
}

gboolean
ts_augment_check(const TsAugment *how, int colours, TsSampleType type, int width, int height,
                 GError **error)
{
    for (guint i = 0; i < how->n; i++) {
        g_autoptr(GError) reason = NULL;
        if (!(how->item[i].kind < TS_N_EDITS
                  ? ts_edit_check((TsEditKind) how->item[i].kind, colours, type, &reason)
                  : ts_policy_check(colours, type, &reason)))
            return ts_error_set(error, TS_ERROR_ARGUMENT, "%s", reason->message);
        if (width > 0 && !check_size(&how->item[i], width, height, error))
            return FALSE;
    }
    return TRUE;
}
