/* The two 16-bit floats, as bits: IEEE 754 binary16 ("half", f16) and bfloat16.
 *
 * To f32 is exact. From f32 rounds to nearest even; too large becomes infinity, a NaN stays a NaN
 * (quiet, sign and high payload bits kept), subnormals are kept.
 *
 *     guint16 h = ts_f32_to_f16(1.5f);       // 0x3e00
 *     float x = ts_bf16_to_f32(0x3fc0);      // 1.5
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

float ts_f16_to_f32(guint16 bits);
guint16 ts_f32_to_f16(float value);
float ts_bf16_to_f32(guint16 bits);
guint16 ts_f32_to_bf16(float value);

G_END_DECLS
