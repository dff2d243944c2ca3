/* Any bytes as a cache of datacheck: measures that could be, or nothing. */
#include "check/cache.h"

#include <math.h>

int LLVMFuzzerTestOneInput(const guint8 *input, gsize n);

int
LLVMFuzzerTestOneInput(const guint8 *input, gsize n)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *key = ts_check_cache_key("/a.png", 7, 8, "");
    char *text = g_memdup2(input, n);
    g_autoptr(TsCheckCache) cache = ts_check_cache_parse(text, n, "input", &error);
    g_assert((cache == NULL) == (error != NULL));
    TsMeasures measures = {0};
    if (cache != NULL && ts_check_cache_get(cache, key, &measures)) {
        g_assert(measures.look == TS_LOOK_OK && measures.width > 0 && measures.height > 0);
        g_assert((guint) measures.container < TS_CONTAINERS);
        g_assert(isfinite(measures.bright_5) && isfinite(measures.edges));
    }
    g_assert(cache == NULL || ts_check_cache_n(cache) + ts_check_cache_n_rejected(cache) <= n);
    return 0;
}
