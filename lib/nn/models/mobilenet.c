/* MobileNetV2 (Sandler et al., 2018), with timm's names. */
#include "nn/models/mbconv.h"

gboolean
ts_model_mobilenetv2(TsGraph *graph, const TsModelSpec *spec, GError **error)
{
    static const TsMbStage stages[] = {
        {1, 3, 1, 1, 16}, {2, 3, 2, 6, 24},  {3, 3, 2, 6, 32},  {4, 3, 2, 6, 64},
        {3, 3, 1, 6, 96}, {3, 3, 2, 6, 160}, {1, 3, 1, 6, 320},
    };
    TsMbOptions options = {.stages = stages,
                           .n_stages = G_N_ELEMENTS(stages),
                           .width = 1,
                           .epsilon = 1e-5,
                           .dropout = 0.2};
    if (!ts_mb_read_options(spec->options, &options, error))
        return FALSE;
    ts_mb_build(graph, spec, &options);
    return TRUE;
}
