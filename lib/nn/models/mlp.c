/* A multi-layer perceptron with one hidden layer, the simplest thing that learns. */
#include "nn/models/models.h"

gboolean
ts_model_mlp(TsGraph *graph, const TsModelSpec *spec, GError **error)
{
    int hidden;
    double dropout;
    if (!ts_spec_int(spec->options, "hidden", 1, 1 << 20, 128, &hidden, error) ||
        !ts_spec_double(spec->options, "dropout", 0, 0.99, 0, &dropout, error))
        return FALSE;
    guint x = ts_graph_input(graph, spec->channels, spec->height, spec->width);
    x = ts_graph_linear(graph, "fc1", ts_graph_flatten(graph, x), hidden);
    x = ts_graph_relu(graph, x);
    if (dropout > 0)
        x = ts_graph_dropout(graph, x, dropout);
    ts_graph_linear(graph, "fc2", x, spec->classes);
    return TRUE;
}
