/* f16 and bfloat16 by integer arithmetic on their bits, so that flushed denormals and the rounding
 * mode of the thread cannot change a result. */
#include "store/half.h"

#include <string.h>

static guint32
bits_of(float value)
{
    guint32 bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static float
float_of(guint32 bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* Drop the low `shift` bits (1 to 31), rounding to nearest, ties to even. */
static guint32
round_shift(guint32 value, guint shift)
{
    guint32 half = 1u << (shift - 1);
    guint32 odd = (value >> shift) & 1;
    return (value + half - 1 + odd) >> shift;
}

float
ts_f16_to_f32(guint16 bits)
{
    guint32 sign = (guint32) (bits & 0x8000) << 16;
    guint32 exponent = (bits >> 10) & 31;
    guint32 mantissa = bits & 0x3ff;
    if (exponent == 31)
        return float_of(sign | 0x7f800000 | mantissa << 13);
    if (exponent != 0)
        return float_of(sign | (exponent + 112) << 23 | mantissa << 13);
    if (mantissa == 0)
        return float_of(sign);
    /* Subnormal: move the leading one into its place; f32 has a normal number for each. */
    exponent = 113;
    while ((mantissa & 0x400) == 0) {
        mantissa <<= 1;
        exponent--;
    }
    return float_of(sign | exponent << 23 | (mantissa & 0x3ff) << 13);
}

guint16
ts_f32_to_f16(float value)
{
    guint32 bits = bits_of(value);
    guint32 sign = (bits >> 16) & 0x8000;
    guint32 exponent = (bits >> 23) & 255;
    guint32 mantissa = bits & 0x7fffff;
    if (exponent == 255)
        return (guint16) (sign | 0x7c00 | (mantissa != 0 ? 0x200 | mantissa >> 13 : 0));
    if (exponent >= 143)
        return (guint16) (sign | 0x7c00);
    if (exponent >= 113) /* a carry out of the mantissa rightly raises the exponent */
        return (guint16) (sign | round_shift((exponent - 112) << 23 | mantissa, 13));
    if (exponent < 102)
        return (guint16) sign;
    return (guint16) (sign | round_shift(mantissa | 0x800000, 126 - exponent));
}

float
ts_bf16_to_f32(guint16 bits)
{
    return float_of((guint32) bits << 16);
}

guint16
ts_f32_to_bf16(float value)
{
    guint32 bits = bits_of(value);
    if ((bits & 0x7fffffff) > 0x7f800000)
        return (guint16) (bits >> 16 | 0x40);
    guint32 odd = (bits >> 16) & 1; /* cannot overflow: the largest finite is 0x7f7fffff */
    return (guint16) ((bits + 0x7fff + odd) >> 16);
}
