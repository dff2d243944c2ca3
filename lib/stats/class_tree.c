/* Trees of classes, from paths. */
#include "stats/class_tree.h"

#include "base/error.h"
#include "manifest/foreign.h"

#include <string.h>

enum { MAX_DEPTH = 1000 };

typedef struct {
    guint parent, depth, height;
} Node;

struct _TsClassTree {
    gatomicrefcount references;
    GArray *nodes; /* of Node; 0 is the root, and parents come before their children */
    guint *node;   /* of each class */
};

/* What only the making needs. */
typedef struct {
    TsClassTree *tree;
    GHashTable *by_path; /* path without a slash behind it -> node */
    GHashTable *by_part; /* last part -> node, 0 where there are several */
    const char *source;
} Builder;

static void
note_part(Builder *builder, const char *part, guint node)
{
    const gboolean is_second = g_hash_table_contains(builder->by_part, part);
    g_hash_table_insert(builder->by_part, g_strdup(part), GUINT_TO_POINTER(is_second ? 0 : node));
}

static guint
add_node(Builder *builder, guint parent, const char *path, const char *part)
{
    gpointer known = g_hash_table_lookup(builder->by_path, path);
    if (known != NULL)
        return GPOINTER_TO_UINT(known);
    GArray *nodes = builder->tree->nodes;
    const Node node = {parent, g_array_index(nodes, Node, parent).depth + 1, 0};
    g_array_append_val(nodes, node);
    g_hash_table_insert(builder->by_path, g_strdup(path), GUINT_TO_POINTER(nodes->len - 1));
    note_part(builder, part, nodes->len - 1);
    return nodes->len - 1;
}

static gboolean
add_path(Builder *builder, const char *path, GError **error)
{
    g_auto(GStrv) parts = g_strsplit(path, "/", -1);
    g_autoptr(GString) so_far = g_string_new(NULL);
    guint node = 0;
    if (g_strv_length(parts) > MAX_DEPTH)
        return ts_error_set(error, TS_ERROR_FORMAT, "%s: a path has more than %d parts",
                            builder->source, MAX_DEPTH);
    for (guint i = 0; parts[i] != NULL; i++) {
        if (parts[i][0] == '\0')
            return ts_error_set(error, TS_ERROR_FORMAT, "%s: '%s' has an empty part",
                                builder->source, path);
        g_string_append_printf(so_far, "%s%s", i > 0 ? "/" : "", parts[i]);
        node = add_node(builder, node, so_far->str, parts[i]);
    }
    return TRUE;
}

static gboolean
find_class(const Builder *builder, const char *name, guint *node, GError **error)
{
    gpointer found = g_hash_table_lookup(builder->by_path, name);
    if (found == NULL && !g_hash_table_lookup_extended(builder->by_part, name, NULL, &found))
        return ts_error_set(error, TS_ERROR_FORMAT, "%s: the class '%s' is not in the tree",
                            builder->source, name);
    *node = GPOINTER_TO_UINT(found);
    return found != NULL ||
           ts_error_set(error, TS_ERROR_FORMAT,
                        "%s: several nodes are called '%s'; name the class by its whole path",
                        builder->source, name);
}

/* From the last node up, so that children are done before their parents. */
static void
measure_heights(GArray *nodes)
{
    for (guint i = nodes->len - 1; i > 0; i--) {
        const Node *node = &g_array_index(nodes, Node, i);
        Node *parent = &g_array_index(nodes, Node, node->parent);
        parent->height = MAX(parent->height, node->height + 1);
    }
}

static gboolean
build(Builder *builder, const char *const *paths, const char *const *names, GError **error)
{
    TsClassTree *tree = builder->tree;
    for (guint i = 0; paths[i] != NULL; i++)
        if (!add_path(builder, paths[i], error))
            return FALSE;
    const guint n = g_strv_length((char **) names);
    tree->node = g_new0(guint, (gsize) n + 1);
    for (guint c = 0; c < n; c++)
        if (!find_class(builder, names[c], &tree->node[c], error))
            return FALSE;
    measure_heights(tree->nodes);
    return TRUE;
}

TsClassTree *
ts_class_tree_new(const char *const *paths, const char *const *names, const char *source,
                  GError **error)
{
    g_autoptr(TsClassTree) tree = g_new0(TsClassTree, 1);
    g_autoptr(GHashTable) by_path = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(GHashTable) by_part = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    const Node root = {0};
    g_atomic_ref_count_init(&tree->references);
    tree->nodes = g_array_new(FALSE, FALSE, sizeof(Node));
    g_array_append_val(tree->nodes, root);
    Builder builder = {tree, by_path, by_part, source};
    return build(&builder, paths, names, error) ? g_steal_pointer(&tree) : NULL;
}

TsClassTree *
ts_class_tree_read(const char *path, const char *const *names, GError **error)
{
    GError *failure = NULL;
    g_auto(GStrv) paths = ts_class_list_read(path, &failure);
    if (failure != NULL)
        g_propagate_error(error, failure);
    else if (paths == NULL)
        ts_error_set(error, TS_ERROR_IO, "%s: there is no such file", path);
    return paths != NULL ? ts_class_tree_new((const char *const *) paths, names, path, error)
                         : NULL;
}

TsTreeRelation
ts_class_tree_relate(const TsClassTree *tree, guint truth, guint pred)
{
    const Node *nodes = (const Node *) (gpointer) tree->nodes->data;
    guint a = tree->node[truth], b = tree->node[pred];
    TsTreeRelation relation = {.truth_depth = nodes[a].depth, .pred_depth = nodes[b].depth};
    const gboolean is_right = a == b;
    while (a != b)
        if (nodes[a].depth >= nodes[b].depth)
            a = nodes[a].parent;
        else
            b = nodes[b].parent;
    relation.height = is_right ? 0 : nodes[a].height;
    relation.common = nodes[a].depth;
    return relation;
}

TsClassTree *
ts_class_tree_ref(TsClassTree *tree)
{
    if (tree != NULL)
        g_atomic_ref_count_inc(&tree->references);
    return tree;
}

void
ts_class_tree_unref(TsClassTree *tree)
{
    if (tree == NULL || !g_atomic_ref_count_dec(&tree->references))
        return;
    g_array_unref(tree->nodes);
    g_free(tree->node);
    g_free(tree);
}
