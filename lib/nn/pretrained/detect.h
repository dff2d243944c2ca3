/* Which architecture a file of weights is of: for the files of this room. */
#pragma once

#include "store/weight_file.h"

G_BEGIN_DECLS

/* Compare the file with an architecture whose classes and input channels are not known. TRUE if
 * they are one's weights; these numbers are set if the tensors that say them are there. */
gboolean
ts_detect_match(const TsWeightFile *file, const char *architecture, int *channels, int *classes);

G_END_DECLS
