/* How other libraries name the layers of our architectures.
 *
 * Our own names are those of timm or torchvision where a family comes from there; the tables here
 * are for the others. A parameter's name is LAYER.weight, LAYER.bias and so on in all of them.
 *
 *     g_autoptr(GHashTable) theirs = ts_names_map("torchvision", "mobilenetv2", graph, error);
 *     g_hash_table_lookup(theirs, "blocks.1.0.conv_dw");   // "features.2.conv.1.0"
 */
#pragma once

#include "nn/graph.h"
#include "store/weight_file.h"

G_BEGIN_DECLS

/* The libraries that have `architecture`, NULL-terminated, at most TS_NAMES_MAX; the first is
 * always "tessera". */
enum { TS_NAMES_MAX = 8 };

guint ts_names_of(const char *architecture, const char *names[TS_NAMES_MAX]);

/* The other library's name for each of our layers whose name differs, by our name.
 * TS_ERROR_ARGUMENT if `library` is not known or does not have the architecture. */
GHashTable *
ts_names_map(const char *library, const char *architecture, const TsGraph *graph, GError **error);

/* The name that a parameter has by such a map. g_free(). */
char *ts_names_translate(GHashTable *map, const char *parameter);

/* The tensor for a parameter by such a map, with `prefix` before its name; NULL if there is none.
 */
const TsTensor *
ts_names_find(const TsWeightFile *file, GHashTable *map, const char *prefix, const char *parameter);

/* What stands before the parameter's name in the file, such as "model."; the shortest that is
 * there. g_free(). */
char *ts_names_find_prefix(const TsWeightFile *file, GHashTable *map, const char *parameter);

G_END_DECLS
