/* A multi-layer perceptron with one hidden layer, the simplest thing that learns. */
#include "nn/models/models.h"

gboolean
ts_model_mlp(TsGraph *graph, const TsModelSpec *spec, GError **error)
{
    int hidden;
    double dropout;
    if (!ts_model_spec_int(spec, "hidden", 1, 1 << 20, 128, &hidden, error) ||
        !ts_model_spec_double(spec, "dropout", 0, 0.99, 0, &dropout, error))
        return FALSE;
    guint x = ts_graph_input(graph, spec->channels, spec->height, spec->width);
    x = ts_graph_linear(graph, "fc1", ts_graph_flatten(graph, x), hidden);
    x = ts_graph_relu(graph, x);
    if (dropout > 0)
        x = ts_graph_dropout(graph, x, dropout);
    ts_graph_linear(graph, "fc2", x, spec->classes);
    return TRUE;
}
