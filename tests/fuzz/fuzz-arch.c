/* Any text as a network: an error, or a graph that is the same when it is printed and read again.
 */
#include "nn/arch/arch.h"
#include "nn/models/models.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const guint8 *input, gsize n);

int
LLVMFuzzerTestOneInput(const guint8 *input, gsize n)
{
    g_autofree char *text = g_strndup((const char *) input, n);
    g_autofree char *description = ts_arch_describe("input", text);
    g_autoptr(GError) error = NULL;
    g_autoptr(TsGraph) graph = ts_model_graph_new(description, 3, 32, 32, 10, &error);
    g_assert((graph == NULL) == (error != NULL));
    if (graph == NULL)
        return 0;
    g_autofree char *printed = ts_arch_print(graph);
    g_autofree char *again = ts_arch_describe("printed", printed);
    g_autoptr(TsGraph) same = ts_model_graph_new(again, 3, 32, 32, 10, &error);
    if (same == NULL)
        g_error("%s\n%s", error->message, printed);
    g_autofree char *printed_again = ts_arch_print(same);
    g_assert_cmpstr(printed, ==, printed_again);
    return 0;
}
