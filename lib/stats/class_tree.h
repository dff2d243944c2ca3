/* Classes as the nodes of a tree, such as animal/dog and animal/cat: how bad a mistake is.
 *
 * The root, which has no name, has depth 0; the height of a node is the number of edges to the
 * farthest leaf below it. The lowest common ancestor (LCA) of two classes is the deepest node that
 * is both or above both. From these:
 *
 *     LCA height   0 where truth and prediction are the same, else the height of their LCA
 *                  (Deng et al., 2010; Bertinetto et al., "Making Better Mistakes", 2020)
 *     distance     edges between both, depth(t) + depth(p) - 2 depth(LCA)
 *     common       depth(LCA): the nodes, both themselves included and the root left out, that are
 *                  on the ways to both: of them the hierarchical precision, recall and F1 of
 *                  Kiritchenko, Matwin and Famili (2005) are made, see scorecard.h
 *
 *     g_autoptr(TsClassTree) tree = ts_class_tree_read("tree.txt", names, error);
 *     TsTreeRelation relation = ts_class_tree_relate(tree, truth, pred);
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct _TsClassTree TsClassTree;

typedef struct {
    guint height; /* of the LCA */
    guint common; /* its depth */
    guint truth_depth, pred_depth;
} TsTreeRelation;

/* The tree of `paths`, parts separated by '/', as nodes for the classes `names` (both
 * NULL-terminated): a class is the node with this path or, if there is none, the only one with this
 * last part. `source` is named in messages. TS_ERROR_FORMAT for an empty part and for a class that
 * is no node or may be several. */
TsClassTree *ts_class_tree_new(const char *const *paths, const char *const *names,
                               const char *source, GError **error);

/* The same from a file with a path a line. */
TsClassTree *ts_class_tree_read(const char *path, const char *const *names, GError **error);

/* Compare two of the classes `names`, by number. */
TsTreeRelation ts_class_tree_relate(const TsClassTree *tree, guint truth, guint pred);

/* Share it, and let it go; NULL is allowed. */
TsClassTree *ts_class_tree_ref(TsClassTree *tree);
void ts_class_tree_unref(TsClassTree *tree);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsClassTree, ts_class_tree_unref)

G_END_DECLS
