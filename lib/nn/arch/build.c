/* From lines to a graph: names, blocks, limits. */
#include "nn/arch/private.h"

#include "base/error.h"
#include "base/nearest.h"
#include "base/number.h"

#include <string.h>

enum { MAX_STEPS = 20000, MAX_REPEATS = 1000 };

const char *const ts_arch_blocks[] = {"repeat", "residual", "block", "branch",
                                      "add",    "concat",   NULL};

static const char mark[] = "arch:";

gboolean
ts_arch_fail(const TsArchBuilder *b, const TsArchLine *line, GError **error, const char *format,
             ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *message = g_strdup_vprintf(format, args);
    va_end(args);
    return ts_error_set(error, TS_ERROR_ARGUMENT, "%s:%u: %s", b->name, line->number, message);
}

/* ---- names ---- */

char *
ts_arch_name(TsArchBuilder *b, const TsArchLine *line, const char *prefix, const char *kind)
{
    if (line->label != NULL)
        return g_strconcat(prefix, line->label, NULL);
    char *key = g_strconcat(prefix, kind, NULL);
    const guint n = GPOINTER_TO_UINT(g_hash_table_lookup(b->counts, key)) + 1;
    char *name = g_strdup_printf("%s%u", key, n);
    g_hash_table_replace(b->counts, key, GUINT_TO_POINTER(n));
    return name;
}

gboolean
ts_arch_remember(TsArchBuilder *b, const TsArchLine *line, const char *name, guint node,
                 GError **error)
{
    if (g_hash_table_contains(b->nodes, name))
        return ts_arch_fail(b, line, error, "the name '%s' is taken", name);
    g_hash_table_insert(b->nodes, g_strdup(name), GUINT_TO_POINTER(node));
    return TRUE;
}

static gboolean
fail_unknown(const TsArchBuilder *b, const TsArchLine *line, const char *name, GError **error)
{
    g_autofree const char **known = (const char **) g_hash_table_get_keys_as_array(b->nodes, NULL);
    g_autofree char *hint = ts_nearest_hint(name, known);
    return ts_arch_fail(b, line, error, "no layer before this one is named '%s'%s", name, hint);
}

gboolean
ts_arch_find(const TsArchBuilder *b, const TsArchLine *line, const char *prefix, const char *name,
             guint *node, GError **error)
{
    g_autofree char *scope = g_strdup(prefix);
    for (;;) {
        g_autofree char *full = g_strconcat(scope, name, NULL);
        gpointer found;
        if (g_hash_table_lookup_extended(b->nodes, full, NULL, &found)) {
            *node = GPOINTER_TO_UINT(found);
            return TRUE;
        }
        if (scope[0] == '\0')
            return fail_unknown(b, line, name, error);
        scope[strlen(scope) - 1] = '\0'; /* "a.b." to "a." */
        char *dot = strrchr(scope, '.');
        *(dot != NULL ? dot + 1 : scope) = '\0';
    }
}

/* ---- blocks ---- */

static gboolean
run_lines(TsArchBuilder *b, guint first, guint end, const char *prefix, guint *x, GError **error);

static gboolean
expect_words(const TsArchBuilder *b, const TsArchLine *line, guint n, const char *form,
             GError **error)
{
    return g_strv_length(line->words) == n || ts_arch_fail(b, line, error, "expected: %s", form);
}

/* The lines inside of the block of line `i`; names in it get its label. */
static gboolean
run_inside(TsArchBuilder *b, guint i, const char *prefix, guint *x, GError **error)
{
    const TsArchLine *line = b->lines->pdata[i];
    g_autofree char *inner =
        line->label != NULL ? g_strconcat(prefix, line->label, ".", NULL) : g_strdup(prefix);
    return run_lines(b, i + 1, line->end, inner, x, error);
}

/* Repetitions count too: those of nothing would last as well. */
static gboolean
count_step(TsArchBuilder *b, const TsArchLine *line, GError **error)
{
    return ++b->n_steps <= MAX_STEPS ||
           ts_arch_fail(b, line, error, "more than %d layers, repetitions counted", MAX_STEPS);
}

static gboolean
run_repeat(TsArchBuilder *b, guint i, const char *prefix, guint *x, GError **error)
{
    const TsArchLine *line = b->lines->pdata[i];
    gint64 n;
    if (!expect_words(b, line, 2, "repeat N {", error))
        return FALSE;
    if (!ts_parse_int(line->words[1], 1, MAX_REPEATS, "N", &n, NULL))
        return ts_arch_fail(b, line, error, "repeat: '%s' is no number from 1 to %d",
                            line->words[1], MAX_REPEATS);
    g_autofree char *name = ts_arch_name(b, line, prefix, "repeat");
    for (gint64 k = 0; k < n; k++) {
        g_autofree char *turn = g_strdup_printf("%s.%d", name, (int) k);
        g_autofree char *inner = g_strconcat(turn, ".", NULL);
        if (!count_step(b, line, error) || !run_lines(b, i + 1, line->end, inner, x, error) ||
            !ts_arch_remember(b, line, turn, *x, error))
            return FALSE;
    }
    return line->label != NULL || ts_arch_remember(b, line, name, *x, error);
}

static gboolean
check_node(const TsArchBuilder *b, const TsArchLine *line, GError **error)
{
    if (b->graph->error == NULL)
        return TRUE;
    g_autoptr(GError) failure = g_steal_pointer(&b->graph->error);
    return ts_arch_fail(b, line, error, "%s", failure->message);
}

/* residual { A } shortcut { B }: A(x) + B(x), B(x) = x where there is no shortcut. */
static gboolean
run_residual(TsArchBuilder *b, guint i, const char *prefix, guint *x, GError **error)
{
    const TsArchLine *line = b->lines->pdata[i];
    const TsArchLine *close = b->lines->pdata[line->end];
    const guint begin = *x;
    guint body = begin, shortcut;
    g_autofree char *inner =
        line->label != NULL ? g_strconcat(prefix, line->label, ".", NULL) : g_strdup(prefix);
    if (!expect_words(b, line, 1, "residual {", error) ||
        !run_lines(b, i + 1, line->end, inner, &body, error))
        return FALSE;
    shortcut = begin;
    if (close->opens) {
        if (!g_str_equal(close->words[0], "shortcut"))
            return ts_arch_fail(b, close, error, "shortcut is expected behind }, not '%s'",
                                close->words[0]);
        if (!run_inside(b, line->end, inner, &shortcut, error))
            return FALSE;
    }
    *x = ts_graph_add(b->graph, body, shortcut);
    return check_node(b, line, error);
}

/* add { branch { A } branch { B } ... }, and concat: all branches begin at the current node. */
static gboolean
run_branches(TsArchBuilder *b, guint i, const char *prefix, guint *x, GError **error)
{
    const TsArchLine *line = b->lines->pdata[i];
    g_autofree char *inner =
        line->label != NULL ? g_strconcat(prefix, line->label, ".", NULL) : g_strdup(prefix);
    const guint begin = *x;
    guint n = 0;
    for (guint k = i + 1; k < line->end; n++) {
        const TsArchLine *branch = b->lines->pdata[k];
        guint y = begin;
        if (!branch->opens || branch->closes || !g_str_equal(branch->words[0], "branch"))
            return ts_arch_fail(b, branch, error, "branch { is expected in %s", line->words[0]);
        if (!expect_words(b, branch, 1, "branch {", error) || !run_inside(b, k, inner, &y, error))
            return FALSE;
        if (n == 0)
            *x = y;
        else if (line->words[0][0] == 'a')
            *x = ts_graph_add(b->graph, *x, y);
        else
            *x = ts_graph_concat(b->graph, *x, y);
        if (!check_node(b, branch, error))
            return FALSE;
        k = branch->end;
        if (!((TsArchLine *) b->lines->pdata[k])->opens)
            k++;
    }
    return n > 1 ||
           ts_arch_fail(b, line, error, "%s: two branches are expected, or more", line->words[0]);
}

/* The number of the line behind the block in *next. */
static gboolean
run_block(TsArchBuilder *b, guint i, const char *prefix, guint *x, guint *next, GError **error)
{
    const TsArchLine *line = b->lines->pdata[i];
    const char *kind = line->words[0];
    const gboolean residual = g_str_equal(kind, "residual");
    const TsArchLine *close = b->lines->pdata[line->end];
    gboolean done;
    *next = line->end + 1;
    if (close->opens && !residual)
        return ts_arch_fail(b, close, error, "nothing may follow the } of %s", kind);
    if (close->opens && ((TsArchLine *) b->lines->pdata[close->end])->opens)
        return ts_arch_fail(b, b->lines->pdata[close->end], error,
                            "nothing may follow the } of shortcut");
    if (close->opens)
        *next = close->end + 1;
    if (g_str_equal(kind, "repeat"))
        done = run_repeat(b, i, prefix, x, error);
    else if (residual)
        done = run_residual(b, i, prefix, x, error);
    else if (g_str_equal(kind, "block"))
        done = expect_words(b, line, 1, "block {", error) && run_inside(b, i, prefix, x, error);
    else if (g_str_equal(kind, "add") || g_str_equal(kind, "concat"))
        done = expect_words(b, line, 1, "add { or concat {, with branches in it", error) &&
               run_branches(b, i, prefix, x, error);
    else {
        g_autofree char *hint = ts_nearest_hint(kind, ts_arch_blocks);
        return ts_arch_fail(b, line, error,
                            "'%s' begins no block%s: repeat, residual, block, add and concat do",
                            kind, hint);
    }
    if (!done || line->label == NULL)
        return done;
    g_autofree char *name = g_strconcat(prefix, line->label, NULL);
    return ts_arch_remember(b, line, name, *x, error);
}

static gboolean
run_lines(TsArchBuilder *b, guint first, guint end, const char *prefix, guint *x, GError **error)
{
    for (guint i = first; i < end;) {
        const TsArchLine *line = b->lines->pdata[i];
        guint next = i + 1;
        if (!count_step(b, line, error))
            return FALSE;
        if (line->opens ? !run_block(b, i, prefix, x, &next, error)
                        : !ts_arch_layer(b, line, prefix, x, error))
            return FALSE;
        i = next;
    }
    return TRUE;
}

/* ---- the whole ---- */

static gboolean
check_output(const TsArchBuilder *b, guint x, GError **error)
{
    const TsShape shape = ts_graph_node(b->graph, x)->shape;
    if (shape.c == b->classes && shape.h == 1 && shape.w == 1 && x > 0 &&
        x == b->graph->nodes->len - 1)
        return TRUE;
    const TsArchLine *last =
        b->lines->len > 0 ? b->lines->pdata[b->lines->len - 1] : &(TsArchLine){.number = 1};
    return ts_arch_fail(b, last, error,
                        "the network ends with (%d, %d, %d) numbers; one for each of %d classes is "
                        "expected, as 'linear classes' gives",
                        (int) shape.c, (int) shape.h, (int) shape.w, b->classes);
}

gboolean
ts_arch_is_description(const char *architecture)
{
    return g_str_has_prefix(architecture, mark) && strchr(architecture, '\n') != NULL;
}

char *
ts_arch_title(const char *architecture)
{
    return ts_arch_is_description(architecture)
               ? g_strndup(architecture, strcspn(architecture, "\n"))
               : g_strdup(architecture);
}

char *
ts_arch_describe(const char *name, const char *text)
{
    return g_strconcat(mark, name, "\n", text, NULL);
}

TsGraph *
ts_arch_graph_new(const char *description, int channels, int height, int width, int classes,
                  GError **error)
{
    g_autofree char *title = ts_arch_title(description);
    const char *name = title + strlen(mark);
    g_autoptr(GPtrArray) lines = ts_arch_lines(description + strlen(title) + 1, name, error);
    if (lines == NULL)
        return NULL;
    g_autoptr(TsGraph) graph = ts_graph_new();
    g_autoptr(GHashTable) nodes = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(GHashTable) counts = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    TsArchBuilder b = {.graph = graph,
                       .lines = lines,
                       .name = name,
                       .classes = classes,
                       .nodes = nodes,
                       .counts = counts};
    guint x = ts_graph_input(graph, channels, height, width);
    g_hash_table_insert(nodes, g_strdup("input"), GUINT_TO_POINTER(x));
    if (graph->error == NULL &&
        (!run_lines(&b, 0, lines->len, "", &x, error) || !check_output(&b, x, error)))
        return NULL;
    return ts_graph_finish(graph, error) ? g_steal_pointer(&graph) : NULL;
}

char *
ts_arch_read(const char *path, GError **error)
{
    g_autofree char *text = NULL;
    gsize size;
    GError *failure = NULL;
    if (!g_file_get_contents(path, &text, &size, &failure)) {
        ts_error_set(error, TS_ERROR_IO, "%s", failure->message);
        g_error_free(failure);
        return NULL;
    }
    if (!g_utf8_validate(text, (gssize) size, NULL)) {
        ts_error_set(error, TS_ERROR_FORMAT, "%s: no text in UTF-8", path);
        return NULL;
    }
    g_autoptr(GPtrArray) lines = ts_arch_lines(text, path, error);
    g_autofree char *base = g_path_get_basename(path);
    g_strdelimit(base, "\n", '_');
    return lines != NULL ? ts_arch_describe(base, text) : NULL;
}
