/* Networks as text: the language of tessera-arch(5), read into a graph and printed from one.
 *
 * A description is "arch:NAME" and, from the next line on, the whole text; it stands where the name
 * of an architecture would stand, in the model file too, so that nothing else has to be kept.
 *
 *     g_autofree char *description = ts_arch_read("tiny.arch", error);
 *     g_autoptr(TsGraph) graph =
 *         description != NULL ? ts_model_graph_new(description, 1, 28, 28, 10, error) : NULL;
 *     g_autofree char *text = ts_arch_print(graph);
 *
 * Text from anywhere may be given: its size, nesting and repetitions are limited, and so are the
 * parameters and activations of the network, before memory is asked for.
 */
#pragma once

#include "nn/graph.h"

G_BEGIN_DECLS

/* Read a file; NAME is its last part. TS_ERROR_IO, or TS_ERROR_FORMAT with "FILE:LINE:" where it is
 * no text of lines and blocks; layers are looked at when the graph is made. Free with g_free(). */
char *ts_arch_read(const char *path, GError **error);

/* A description of `text`, under a name of one line. Free with g_free(). */
char *ts_arch_describe(const char *name, const char *text);

/* TRUE for "arch:NAME\nTEXT". */
gboolean ts_arch_is_description(const char *architecture);

/* How an architecture is shown in one line: "arch:NAME", or itself. Free with g_free(). */
char *ts_arch_title(const char *architecture);

/* Build the graph of a description for an input (channels, height, width) and so many classes.
 * TS_ERROR_ARGUMENT, with "NAME:LINE:". */
TsGraph *ts_arch_graph_new(const char *description, int channels, int height, int width,
                           int classes, GError **error);

/* The text of any graph that was finished: a line a layer. Read again for the same input it gives
 * the same graph: operations, shapes, names, starts. Free with g_free(). */
char *ts_arch_print(const TsGraph *graph);

G_END_DECLS
