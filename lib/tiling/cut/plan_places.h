/* Places of tiles instead of a grid; inside of lib/tiling, see plan.h. */
#pragma once

#include "tiling/cut/plan.h"

G_BEGIN_DECLS

/* Fill `layout`, of a region of `input`, with the plan's random or given places, by y, then x.
 * TS_ERROR_ARGUMENT for more random places than there are, one outside, or one twice. */
gboolean ts_plan_make_places(const TsPlan *plan, const TsPlanInput *input, TsPlanLayout *layout,
                             GError **error);

G_END_DECLS
