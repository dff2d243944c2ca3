/* The colours of heat maps, from their formula. */
#include "tiling/stitch/heatmap.h"

#include <math.h>

/* Linear light to sRGB's 0 .. 255 (IEC 61966-2-1). */
static guint8
encode(double light)
{
    light = CLAMP(light, 0, 1);
    double value = light <= 0.0031308 ? 12.92 * light : 1.055 * pow(light, 1 / 2.4) - 0.055;
    return (guint8) rint(255 * value);
}

static double
cube(double x)
{
    return x * x * x;
}

void
ts_heat_colour(double t, guint8 rgb[3])
{
    t = CLAMP(t, 0, 1);
    double lightness = 0.25 + 0.70 * t, chroma = 0.10, hue = (310 - 205 * t) * G_PI / 180;
    double a = chroma * cos(hue), b = chroma * sin(hue);
    double l = cube(lightness + 0.3963377774 * a + 0.2158037573 * b);
    double m = cube(lightness - 0.1055613458 * a - 0.0638541728 * b);
    double s = cube(lightness - 0.0894841775 * a - 1.2914855480 * b);
    rgb[0] = encode(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s);
    rgb[1] = encode(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s);
    rgb[2] = encode(-0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s);
}
