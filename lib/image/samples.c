/* Rows of samples of any type to doubles and back. */
#include "image/samples.h"

#include <math.h>

#define ADD(T)                                                                                     \
    for (gsize i = 0; i < n; i++)                                                                  \
        sums[i] += weight * ((const T *) samples)[i];                                              \
    break

void
ts_samples_add(TsSampleType type, const void *samples, gsize n, double weight, double *sums)
{
    switch (type) {
    case TS_U8:
        ADD(guint8);
    case TS_I8:
        ADD(gint8);
    case TS_U16:
        ADD(guint16);
    case TS_I16:
        ADD(gint16);
    case TS_U32:
        ADD(guint32);
    case TS_I32:
        ADD(gint32);
    case TS_F32:
        ADD(float);
    case TS_F64:
        ADD(double);
    }
}

/* The nearest whole number within [min, max]; 0 for not-a-number. Above `min`, cutting off is
 * rounding down, which costs no call as floor() does on older processors. */
static inline gint64
to_integer(double value, TsRounding rounding, double min, double max)
{
    double number = value == value ? value : 0;
    double whole = rounding == TS_ROUND_HALF_EVEN ? rint(number) : number;
    double inside = whole < min ? min : whole > max ? max : whole;
    return (gint64) (inside - min + 0.5) + (gint64) min;
}

#define STORE(T, min, max)                                                                         \
    for (gsize i = 0; i < n; i++)                                                                  \
        ((T *) samples)[i] = (T) to_integer(values[i], rounding, min, max);                        \
    break

void
ts_samples_store(TsSampleType type, const double *values, gsize n, TsRounding rounding,
                 void *samples)
{
    switch (type) {
    case TS_U8:
        STORE(guint8, 0, G_MAXUINT8);
    case TS_I8:
        STORE(gint8, G_MININT8, G_MAXINT8);
    case TS_U16:
        STORE(guint16, 0, G_MAXUINT16);
    case TS_I16:
        STORE(gint16, G_MININT16, G_MAXINT16);
    case TS_U32:
        STORE(guint32, 0, G_MAXUINT32);
    case TS_I32:
        STORE(gint32, G_MININT32, G_MAXINT32);
    case TS_F32:
        for (gsize i = 0; i < n; i++)
            ((float *) samples)[i] = (float) values[i];
        break;
    case TS_F64:
        for (gsize i = 0; i < n; i++)
            ((double *) samples)[i] = values[i];
        break;
    }
}

double
ts_sample_type_white(TsSampleType type)
{
    static const double whites[] = {G_MAXUINT8,  G_MAXINT8,  G_MAXUINT16, G_MAXINT16,
                                    G_MAXUINT32, G_MAXINT32, 1,           1};
    return whites[type];
}
