/* One step of a run with all its numbers, as files that other software reads.
 *
 * Beside index.tsv, which names every file with its layer and what the layer does, and step.json,
 * with the settings of the step, the folder holds arrays as .npy: input, labels, sample weights and
 * rows; the parameters before and after; every layer's output and the gradient of the loss by it;
 * the loss and the gradients of the parameters. A test computes them again with PyTorch.
 *
 *     if (!ts_run_dump(run, "step", FALSE, error)) ...
 */
#pragma once

#include "nn/run.h"

G_BEGIN_DECLS

/* Do the step that would come next in the run (with `resume`, behind its checkpoint) and write it
 * to `folder`, which appears whole or not at all. The run's own folder stays as it is. */
gboolean ts_run_dump(TsRun *run, const char *folder, gboolean replace, GError **error);

G_END_DECLS
