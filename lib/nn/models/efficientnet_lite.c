/* EfficientNet-Lite0 (Tan and Le, 2019; "Lite": ReLU6, no squeeze and excitation), with timm's
 * names. tf_efficientnet_lite0 is the form in which TensorFlow's weights were learned: its padding,
 * and batch norms with epsilon 1e-3. Dropout and stochastic depth are those of the original
 * training. */
#include "nn/models/mbconv.h"

gboolean
ts_model_efficientnet_lite(TsGraph *graph, const TsModelSpec *spec, GError **error)
{
    static const TsMbStage stages[] = {
        {1, 3, 1, 1, 16},  {2, 3, 2, 6, 24},  {2, 5, 2, 6, 40},  {3, 3, 2, 6, 80},
        {3, 5, 1, 6, 112}, {4, 5, 2, 6, 192}, {1, 3, 1, 6, 320},
    };
    const gboolean tf = g_str_has_prefix(ts_spec_name(spec->options), "tf_");
    TsMbOptions options = {.stages = stages,
                           .n_stages = G_N_ELEMENTS(stages),
                           .width = 1,
                           .same = tf,
                           .epsilon = tf ? 1e-3 : 1e-5,
                           .dropout = 0.2,
                           .drop_path = 0.2};
    if (!ts_mb_read_options(spec->options, &options, error))
        return FALSE;
    ts_mb_build(graph, spec, &options);
    return TRUE;
}
