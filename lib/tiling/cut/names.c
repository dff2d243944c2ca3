/* Names of tiles: the template taken apart once, then filled in for each tile. */
#include "tiling/cut/names.h"

#include "base/error.h"

#include <string.h>

typedef enum { STEM, HASH, X, Y, W, H, ROW, COL, N, LABEL, N_FIELDS } Field;

static const char *const field_names[] = {"stem", "hash", "x",   "y", "w",
                                          "h",    "row",  "col", "n", "label"};

typedef struct {
    char *text; /* literal, or NULL for */
    Field field;
} Part;

struct _TsNames {
    const TsPlan *plan;
    char *suffix;
    GArray *parts; /* Part */
    gboolean used[N_FIELDS];
    int digits[N_FIELDS];
    char **stems, **hashes; /* of the inputs */
    guint fan_out;          /* 0: none */
};

static void
part_clear(gpointer data)
{
    g_free(((Part *) data)->text);
}

static void
add_text(TsNames *self, const char *text, gsize n)
{
    Part part = {.text = g_strndup(text, n)};
    if (n > 0)
        g_array_append_val(self->parts, part);
    else
        g_free(part.text);
}

static gboolean
add_field(TsNames *self, const char *name, gsize n, GError **error)
{
    for (guint i = 0; i < N_FIELDS; i++) {
        if (strlen(field_names[i]) != n || strncmp(field_names[i], name, n) != 0)
            continue;
        Part part = {.field = (Field) i};
        self->used[i] = TRUE;
        g_array_append_val(self->parts, part);
        return TRUE;
    }
    return ts_error_set(error, TS_ERROR_ARGUMENT,
                        "--name: '{%.*s}' is none of {stem} {hash} {x} {y} {w} {h} {row} {col} "
                        "{n} {label}",
                        (int) n, name);
}

static gboolean
parse(TsNames *self, const char *pattern, GError **error)
{
    for (const char *at = pattern; *at != '\0';) {
        const char *open = strchr(at, '{');
        add_text(self, at, open != NULL ? (gsize) (open - at) : strlen(at));
        if (open == NULL)
            break;
        const char *close = strchr(open, '}');
        if (close == NULL)
            return ts_error_set(error, TS_ERROR_ARGUMENT, "--name: '%s' lacks a '}'", pattern);
        if (!add_field(self, open + 1, (gsize) (close - open - 1), error))
            return FALSE;
        at = close + 1;
    }
    return TRUE;
}

/* A path that stays inside of its folder, with a name at its end. */
static gboolean
check_path(const char *pattern, GError **error)
{
    g_auto(GStrv) parts = g_strsplit(pattern, "/", -1);
    for (char **part = parts; *part != NULL; part++)
        if (**part == '\0' || **part == '.')
            return ts_error_set(error, TS_ERROR_ARGUMENT,
                                "--name: '%s' is absolute, or has an empty part or one that begins "
                                "with a dot",
                                pattern);
    return TRUE;
}

/* Tiles of one input are told apart by number or place; inputs by stem or hash. */
static gboolean
check_distinct(const TsNames *self, const char *pattern, GError **error)
{
    const TsPlan *plan = self->plan;
    const gboolean *used = self->used;
    if (used[N])
        return TRUE;
    gboolean sizes = plan->options.n_sizes == 1 || (used[W] && used[H]);
    gboolean grids = plan->options.n_random == 0 && plan->options.places == NULL;
    if (plan->has_regions)
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "--name: '%s' could give tiles of two regions the same name; put in "
                            "{n}",
                            pattern);
    if (!sizes || !((used[X] && used[Y]) || (grids && used[ROW] && used[COL])))
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "--name: '%s' gives tiles of one image the same name; put in {n}, or "
                            "{x} and {y}%s",
                            pattern, sizes ? "" : " with {w} and {h}");
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = 0; i < plan->inputs->len; i++) {
        const TsPlanInput *input = ts_plan_get_input(plan, i);
        const char *key = used[HASH] ? self->hashes[i] : used[STEM] ? self->stems[i] : "";
        const TsPlanInput *other = g_hash_table_lookup(seen, key);
        if (other != NULL)
            return ts_error_set(error, TS_ERROR_ARGUMENT,
                                "%s and %s: tiles of both would be named %s_*; rename one, cut "
                                "them into two folders, or put {hash} into --name",
                                other->path, input->path, key);
        g_hash_table_insert(seen, (gpointer) key, (gpointer) input);
    }
    return TRUE;
}

static int
n_digits(guint64 largest)
{
    int digits = 1;
    for (; largest >= 10; largest /= 10)
        digits++;
    return digits;
}

static void
widen(int *digits, guint64 length)
{
    *digits = MAX(*digits, n_digits(length > 0 ? length - 1 : 0));
}

static void
count_digits(TsNames *self)
{
    for (guint i = 0; i < self->plan->inputs->len; i++) {
        const TsPlanInput *input = ts_plan_get_input(self->plan, i);
        widen(&self->digits[X], (guint64) input->info.width);
        widen(&self->digits[Y], (guint64) input->info.height);
        for (guint k = 0; k < input->layouts->len; k++) {
            const TsPlanLayout *layout = &g_array_index(input->layouts, TsPlanLayout, k);
            widen(&self->digits[W], (guint64) layout->grid.options.tile_width + 1);
            widen(&self->digits[H], (guint64) layout->grid.options.tile_height + 1);
            gboolean grid = layout->places == NULL;
            widen(&self->digits[ROW], grid ? layout->grid.n_rows : layout->n_places);
            widen(&self->digits[COL], grid ? layout->grid.n_columns : 1);
        }
    }
    widen(&self->digits[N], self->plan->n_tiles);
}

/* What may stand in a key: no dots, as a key ends at the first one. */
static char *
make_key(const char *text)
{
    GString *key = g_string_new(NULL);
    for (; *text != '\0'; text++)
        if (*text == '.' || *text == '%')
            g_string_append_printf(key, "%%%02x", *text);
        else
            g_string_append_c(key, *text);
    return g_string_free(key, FALSE);
}

static void
name_inputs(TsNames *self, gboolean are_keys)
{
    guint n = self->plan->inputs->len;
    self->stems = g_new0(char *, n + 1);
    self->hashes = g_new0(char *, n + 1);
    for (guint i = 0; i < n; i++) {
        const TsPlanInput *input = ts_plan_get_input(self->plan, i);
        g_autofree char *hash = g_compute_checksum_for_string(G_CHECKSUM_SHA256, input->path, -1);
        self->hashes[i] = g_strndup(hash, 8);
        self->stems[i] = are_keys ? make_key(input->stem) : g_strdup(input->stem);
    }
}

TsNames *
ts_names_new(const char *pattern, const TsPlan *plan, const char *suffix, int fan_out,
             gboolean are_keys, GError **error)
{
    const char *usual = plan->has_regions           ? "{stem}_{y}_{x}_{n}"
                        : plan->options.n_sizes > 1 ? "{stem}_{w}x{h}_{y}_{x}"
                                                    : "{stem}_{y}_{x}";
    g_autoptr(TsNames) self = g_new0(TsNames, 1);
    self->plan = plan;
    self->suffix = g_strdup(suffix);
    self->parts = g_array_new(FALSE, TRUE, sizeof(Part));
    g_array_set_clear_func(self->parts, part_clear);
    name_inputs(self, are_keys);
    pattern = pattern != NULL ? pattern : usual;
    if (!parse(self, pattern, error) || !check_path(pattern, error) ||
        !check_distinct(self, pattern, error))
        return NULL;
    if (are_keys && strchr(pattern, '.') != NULL) {
        ts_error_set(error, TS_ERROR_ARGUMENT,
                     "--name: '%s' has a dot, where the key of a tar's member ends", pattern);
        return NULL;
    }
    count_digits(self);
    gboolean many = plan->n_tiles > TS_NAMES_FAN_OUT && strchr(pattern, '/') == NULL;
    if (fan_out > 0)
        self->fan_out = (guint) fan_out;
    else if (fan_out < 0 && many && !are_keys)
        self->fan_out = TS_NAMES_FAN_OUT;
    return g_steal_pointer(&self);
}

void
ts_names_free(TsNames *self)
{
    if (self == NULL)
        return;
    if (self->parts != NULL)
        g_array_unref(self->parts);
    g_strfreev(self->stems);
    g_strfreev(self->hashes);
    g_free(self->suffix);
    g_free(self);
}

/* A label becomes a part of a path: what cannot stand there is written %xx. */
static void
append_label(GString *out, const char *label)
{
    if (label == NULL || *label == '\0')
        label = "none";
    for (const char *at = label; *at != '\0'; at++)
        if (*at == '/' || *at == '%' || *at == '.' || (guchar) *at < ' ')
            g_string_append_printf(out, "%%%02x", (guchar) *at);
        else
            g_string_append_c(out, *at);
}

static guint64
field_number(const TsPlanTile *tile, Field field)
{
    switch (field) {
    case X:
        return (guint64) tile->tile.x;
    case Y:
        return (guint64) tile->tile.y;
    case W:
        return (guint64) tile->tile.full_width;
    case H:
        return (guint64) tile->tile.full_height;
    case ROW:
        return tile->tile.row;
    case COL:
        return tile->tile.column;
    default:
        return tile->number;
    }
}

char *
ts_names_format(const TsNames *self, const TsPlanTile *tile, const char *label)
{
    GString *name = g_string_new(NULL);
    if (self->fan_out > 0)
        g_string_append_printf(name, "%06" G_GUINT64_FORMAT "/", tile->number / self->fan_out);
    for (guint i = 0; i < self->parts->len; i++) {
        const Part *part = &g_array_index(self->parts, Part, i);
        if (part->text != NULL)
            g_string_append(name, part->text);
        else if (part->field == STEM)
            g_string_append(name, self->stems[tile->input]);
        else if (part->field == HASH)
            g_string_append(name, self->hashes[tile->input]);
        else if (part->field == LABEL)
            append_label(name, label);
        else
            g_string_append_printf(name, "%0*" G_GUINT64_FORMAT, self->digits[part->field],
                                   field_number(tile, part->field));
    }
    return g_string_free(name, FALSE);
}

const char *
ts_names_suffix(const TsNames *self)
{
    return self->suffix;
}

gboolean
ts_names_uses_label(const TsNames *self)
{
    return self->used[LABEL];
}
