/* What the module hands to libtessera. */
#include "image/vips/fence.h"

const TsVips ts_vips_table = {
    .version = TS_VERSION,
    .start = ts_vips_start,
    .allow_loader = ts_vips_allow_loader,
    .open = ts_vips_open,
    .free = ts_vips_free,
    .read = ts_vips_read,
    .find_slide_levels = ts_vips_find_slide_levels,
    .encode = ts_vips_encode,
};
