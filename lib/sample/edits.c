/* Changes of a picture: their names, their text, what they need. */
#include "sample/edits.h"

#include "base/error.h"
#include "base/number.h"
#include "image/transform/map.h"

#include <math.h>
#include <string.h>

/* Values of a kind: how many, and within what; those from first_whole on are whole numbers. */
typedef struct {
    const char *name, *values;
    guint n;
    double min, max;
    guint first_whole;
    double whole_min, whole_max;
    const char *const *words; /* of which the last value is the number of one; NULL: no words */
} Kind;

/* In the order of TsD4, and which of them exchange width and height; in that of TsPadding. */
static const char *const elements[] = {"e", "r90", "r180", "r270", "h", "v", "t", "hvt", NULL};
static const gboolean elements_turn[] = {FALSE, TRUE, FALSE, TRUE, FALSE, FALSE, TRUE, TRUE};
static const char *const paddings[] = {"zero", "reflect", "edge", NULL};

enum { NO_WHOLE = TS_EDIT_VALUES };
#define SIDE_MAX ((double) (1 << 24))
static const double SEED_MAX = 9007199254740992.0;

/* clang-format off */
static const Kind kinds[TS_N_EDITS] = {
    [TS_EDIT_HFLIP] = {"hflip", "", 0},
    [TS_EDIT_VFLIP] = {"vflip", "", 0},
    [TS_EDIT_D4] = {"d4", "=e, r90, r180, r270, h, v, t or hvt", 1, .words = elements},
    [TS_EDIT_ROTATE] = {"rotate", "=DEGREES", 1, -36000, 36000, NO_WHOLE},
    [TS_EDIT_SCALE] = {"scale", "=FACTOR", 1, 1e-3, 1e3, NO_WHOLE},
    [TS_EDIT_SHEAR] = {"shear", "=DEGREES", 1, -89, 89, NO_WHOLE},
    [TS_EDIT_SHIFT] = {"shift", "=X:Y", 2, -100, 100, NO_WHOLE},
    [TS_EDIT_CROP] = {"crop", "=X:Y:WIDTH:HEIGHT", 4, 0, 0, 0, 0, SIDE_MAX},
    [TS_EDIT_RESIZED_CROP] = {"resized-crop", "=X:Y:WIDTH:HEIGHT:NEW_WIDTH:NEW_HEIGHT", 6, 0, 0, 0,
                              0, SIDE_MAX},
    [TS_EDIT_PERSPECTIVE] = {"perspective", "=X1:Y1:X2:Y2:X3:Y3:X4:Y4", 8, -1, 1, NO_WHOLE},
    [TS_EDIT_ELASTIC] = {"elastic", "=ALPHA:SIGMA:SEED", 3, 0, 1e4, 2, 0, SEED_MAX},
    [TS_EDIT_SHEAR_Y] = {"shear-y", "=DEGREES", 1, -89, 89, NO_WHOLE},
    [TS_EDIT_PADDED_CROP] = {"padded-crop", "=X:Y:zero, reflect or edge", 3, 0, 0, 0, -SIDE_MAX,
                             SIDE_MAX, paddings},
    [TS_EDIT_BRIGHTNESS] = {"brightness", "=CHANGE", 1, -1, 100, NO_WHOLE},
    [TS_EDIT_CONTRAST] = {"contrast", "=CHANGE", 1, -1, 100, NO_WHOLE},
    [TS_EDIT_GAMMA] = {"gamma", "=EXPONENT", 1, 0.01, 100, NO_WHOLE},
    [TS_EDIT_SATURATION] = {"saturation", "=CHANGE", 1, -1, 100, NO_WHOLE},
    [TS_EDIT_HUE] = {"hue", "=SHARE", 1, -0.5, 0.5, NO_WHOLE},
    [TS_EDIT_BLUR] = {"blur", "=SIGMA", 1, 0, 1e3, NO_WHOLE},
    [TS_EDIT_SHARPEN] = {"sharpen", "=AMOUNT", 1, 0, 100, NO_WHOLE},
    [TS_EDIT_NOISE] = {"noise", "=DEVIATION:SEED", 2, 0, 10, 1, 0, SEED_MAX},
    [TS_EDIT_POISSON] = {"poisson", "=PEAK:SEED", 2, 0.01, 1e8, 1, 0, SEED_MAX},
    [TS_EDIT_SALT_PEPPER] = {"salt-pepper", "=SHARE:SEED", 2, 0, 1, 1, 0, SEED_MAX},
    [TS_EDIT_JPEG] = {"jpeg", "=QUALITY", 1, 0, 0, 0, 1, 100},
    [TS_EDIT_ERASE] = {"erase", "=X:Y:WIDTH:HEIGHT", 4, 0, 0, 0, 0, SIDE_MAX},
    [TS_EDIT_CLAHE] = {"clahe", "=LIMIT:PARTS", 2, 0, 1e6, 1, 1, 64},
    [TS_EDIT_STAIN] = {"stain", "=H_SCALE:H_SHIFT:E_SCALE:E_SHIFT:D_SCALE:D_SHIFT", 6, -10, 10,
                       NO_WHOLE},
    [TS_EDIT_POSTERIZE] = {"posterize", "=BITS", 1, 0, 0, 0, 1, 8},
    [TS_EDIT_SOLARIZE] = {"solarize", "=SHARE", 1, 0, 1, NO_WHOLE},
    [TS_EDIT_AUTOCONTRAST] = {"autocontrast", "", 0},
    [TS_EDIT_EQUALIZE] = {"equalize", "", 0},
    [TS_EDIT_SHARPNESS] = {"sharpness", "=CHANGE", 1, -1, 100, NO_WHOLE},
};
/* clang-format on */

const char *
ts_edit_name(TsEditKind kind)
{
    return kinds[kind].name;
}

int
ts_edit_find(const char *name)
{
    for (int i = 0; i < TS_N_EDITS; i++)
        if (strcmp(name, kinds[i].name) == 0)
            return i;
    return -1;
}

char *
ts_edit_names(void)
{
    GString *names = g_string_new(NULL);
    for (int i = 0; i < TS_N_EDITS; i++)
        g_string_append_printf(names, "%s%s", i > 0 ? ", " : "", kinds[i].name);
    return g_string_free(names, FALSE);
}

gboolean
ts_edits_add(TsEdits *edits, TsEditKind kind, const double *values, guint n, GError **error)
{
    g_assert(n == kinds[kind].n);
    if (edits->n == TS_EDITS_MAX)
        return ts_error_set(error, TS_ERROR_RANGE, "more than %d changes in one step",
                            TS_EDITS_MAX);
    TsEdit *edit = &edits->edit[edits->n++];
    *edit = (TsEdit){.kind = kind};
    for (guint i = 0; i < n; i++)
        edit->v[i] = values[i];
    return TRUE;
}

/* Whether value `k` is one of the kind's words. */
static gboolean
is_word(const Kind *kind, guint k)
{
    return kind->words != NULL && k + 1 == kind->n;
}

void
ts_edits_format(const TsEdits *edits, GString *out)
{
    char buffer[TS_NUMBER_MAX];
    for (guint i = 0; i < edits->n; i++) {
        const TsEdit *edit = &edits->edit[i];
        const Kind *kind = &kinds[edit->kind];
        g_string_append_printf(out, "%s%s", i > 0 ? "," : "", kind->name);
        for (guint k = 0; k < kind->n; k++)
            g_string_append_printf(out, "%c%s", k == 0 ? '=' : ':',
                                   is_word(kind, k) ? kind->words[(int) edit->v[k]]
                                                    : ts_format_double(buffer, edit->v[k]));
    }
}

void
ts_edits_round(TsEdits *edits)
{
    char buffer[G_ASCII_DTOSTR_BUF_SIZE];
    for (guint i = 0; i < edits->n; i++)
        for (guint k = 0; k < TS_EDIT_VALUES; k++) {
            double *value = &edits->edit[i].v[k];
            if (*value != rint(*value))
                *value =
                    g_ascii_strtod(g_ascii_formatd(buffer, sizeof buffer, "%.6g", *value), NULL);
        }
}

static gboolean
parse_word(const char *const *words, const char *text, double *value)
{
    for (guint i = 0; words[i] != NULL; i++)
        if (strcmp(text, words[i]) == 0) {
            *value = i;
            return TRUE;
        }
    return FALSE;
}

static gboolean
parse_value(const Kind *kind, guint k, const char *text, double *value)
{
    if (is_word(kind, k))
        return parse_word(kind->words, text, value);
    if (k >= kind->first_whole)
        return ts_parse_double(text, kind->whole_min, kind->whole_max, "", value, NULL) &&
               *value == rint(*value);
    return ts_parse_double(text, kind->min, kind->max, "", value, NULL);
}

/* "rotate=12.31": a name, and its values separated by colons. */
static gboolean
parse_op(const char *text, TsEdits *edits, GError **error)
{
    const char *equals = strchr(text, '=');
    g_autofree char *name =
        equals != NULL ? g_strndup(text, (gsize) (equals - text)) : g_strdup(text);
    int found = ts_edit_find(name);
    if (found < 0) {
        g_autofree char *names = ts_edit_names();
        return ts_error_set(error, TS_ERROR_FORMAT, "'%s' is no change that is known: %s", text,
                            names);
    }
    const Kind *kind = &kinds[found];
    g_auto(GStrv) parts = g_strsplit(equals != NULL ? equals + 1 : "", ":", -1);
    double values[TS_EDIT_VALUES] = {0};
    gboolean sound = (equals != NULL) == (kind->n > 0) && g_strv_length(parts) == kind->n;
    for (guint k = 0; sound && k < kind->n; k++)
        sound = parse_value(kind, k, parts[k], &values[k]);
    if (!sound && kind->min < kind->max)
        return ts_error_set(error, TS_ERROR_FORMAT, "'%s' is not %s%s within %g to %g", text, name,
                            kind->values, kind->min, kind->max);
    if (!sound)
        return ts_error_set(error, TS_ERROR_FORMAT, "'%s' is not %s%s", text, name, kind->values);
    return ts_edits_add(edits, (TsEditKind) found, values, kind->n, error);
}

gboolean
ts_edits_parse(const char *text, TsEdits *edits, GError **error)
{
    edits->n = 0;
    if (*text == '\0')
        return TRUE;
    g_auto(GStrv) items = g_strsplit(text, ",", -1);
    for (char **item = items; *item != NULL; item++)
        if (!parse_op(*item, edits, error))
            return FALSE;
    return TRUE;
}

gboolean
ts_edits_check_text(const char *text, GError **error)
{
    TsEdits edits;
    g_auto(GStrv) steps = g_strsplit(text, "|", -1);
    for (char **step = steps; *step != NULL; step++)
        if (!ts_edits_parse(*step, &edits, error))
            return FALSE;
    return TRUE;
}

static void
track_size(const TsEdit *edit, int *width, int *height)
{
    const double *v = edit->v;
    if (edit->kind == TS_EDIT_D4 && elements_turn[(int) v[0]]) {
        int swap = *width;
        *width = *height;
        *height = swap;
    } else if (edit->kind == TS_EDIT_CROP) {
        *width = (int) v[2];
        *height = (int) v[3];
    } else if (edit->kind == TS_EDIT_RESIZED_CROP) {
        *width = (int) v[4];
        *height = (int) v[5];
    }
}

gboolean
ts_edits_get_size(const char *text, int *width, int *height, GError **error)
{
    TsEdits edits;
    g_auto(GStrv) steps = g_strsplit(text, "|", -1);
    for (char **step = steps; *step != NULL; step++) {
        if (!ts_edits_parse(*step, &edits, error))
            return FALSE;
        for (guint i = 0; i < edits.n; i++)
            track_size(&edits.edit[i], width, height);
    }
    return TRUE;
}
