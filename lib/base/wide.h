/* Loops compiled twice, for processors with AVX2 and for those without. Both do the same operations
 * in the same order (AVX2 does not bring fused multiplication), so that results are the same
 * everywhere.
 *
 * The choice is made while the library is loaded, before sanitizers are ready. */
#pragma once

#include <glib.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(undefined_behavior_sanitizer)
#define TS_NARROW
#endif
#endif

#if defined(__x86_64__) && defined(__gnu_linux__) && !defined(TS_NARROW) &&                        \
    !defined(__SANITIZE_ADDRESS__)
#define TS_WIDE __attribute__((target_clones("avx2", "default")))
#else
#define TS_WIDE
#endif
