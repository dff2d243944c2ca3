/* What the files of arch/ share: lines, and the state of building. */
#pragma once

#include "nn/arch/arch.h"

#include "base/spec.h"

G_BEGIN_DECLS

typedef struct {
    guint number;    /* in the text, from 1 */
    char *label;     /* "stem" of "stem: conv 32 3x3"; NULL: none */
    char **words;    /* the others, without braces; may be none */
    gboolean closes; /* begins with } */
    gboolean opens;  /* ends with { */
    guint end;       /* where it opens: the line that closes the block */
} TsArchLine;

/* Divide a text into its lines with words; blocks are closed. `name` begins messages.
 * TS_ERROR_FORMAT. Free with g_ptr_array_unref(). */
GPtrArray *ts_arch_lines(const char *text, const char *name, GError **error);

typedef struct {
    TsGraph *graph;
    GPtrArray *lines; /* of TsArchLine */
    const char *name; /* of the file, for messages */
    int classes;
    GHashTable *nodes;  /* full name to number of a node */
    GHashTable *counts; /* prefix and kind to the automatic names given */
    guint n_steps;      /* lines that were carried out */
    gint64 n_weights;
} TsArchBuilder;

/* TS_ERROR_ARGUMENT with NAME:LINE: before it; FALSE. */
gboolean ts_arch_fail(const TsArchBuilder *b, const TsArchLine *line, GError **error,
                      const char *format, ...) G_GNUC_PRINTF(4, 5);

/* PREFIX and the label of the line, or `kind` and the next number. Free with g_free(). */
char *ts_arch_name(TsArchBuilder *b, const TsArchLine *line, const char *prefix, const char *kind);

/* Remember the output of a name. */
gboolean ts_arch_remember(TsArchBuilder *b, const TsArchLine *line, const char *name, guint node,
                          GError **error);

/* The node of a name, looked for behind `prefix` and then further out. */
gboolean ts_arch_find(const TsArchBuilder *b, const TsArchLine *line, const char *prefix,
                      const char *name, guint *node, GError **error);

/* Carry out a line that is no block; *x is the current node. */
gboolean ts_arch_layer(TsArchBuilder *b, const TsArchLine *line, const char *prefix, guint *x,
                       GError **error);

/* Names of what starts a line, for messages: layers, then blocks. */
extern const char *const ts_arch_blocks[];

extern const char *const ts_arch_inits[]; /* by TsInit */

G_END_DECLS
