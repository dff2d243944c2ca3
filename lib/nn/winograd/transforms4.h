/* The transforms of Winograd's F(4x4, 3x3), one direction at a time, for any number of lanes.
 *
 * Matrices of Lavin and Gray, "Fast algorithms for convolutional neural networks" (2015), section
 * 4.3, with the points 0, 1, -1, 2, -2 and infinity:
 *
 *          4  0 -5  0  1  0            1/4     0    0
 *          0 -4 -4  1  1  0           -1/6  -1/6 -1/6           1  1  1  1  1  0
 *    B' =  0  4 -4 -1  1  0      G =  -1/6   1/6 -1/6     A' =  0  1 -1  2 -2  0
 *          0 -2 -1  2  1  0           1/24  1/12  1/6           0  1  1  4  4  0
 *          0  2 -1 -2  1  0           1/24 -1/12  1/6           0  1 -1  8 -8  1
 *          0  4  0 -5  0  1              0     0    1
 *
 * A tile of 4x4 outputs is Y = A' (G g G' * B' d B) A, where d are 6x6 inputs, g is a filter and *
 * multiplies by element. The gradient by the filter is the adjoint, G' ((B' d B) * (A dY A')) G.
 *
 * Included by kernels.c, which defines Vec. Arrays are read and written at a stride, so that the
 * same function serves rows and columns, and panels; all of what the results need is read before
 * the first is written, since a compiler must expect that they overlap.
 */

/* B' d: 6 to 6. */
static inline void
transform_input(const Vec *d, gint64 from, Vec *out, gint64 to)
{
    const Vec d0 = d[0], d1 = d[from], d2 = d[2 * from];
    const Vec d3 = d[3 * from], d4 = d[4 * from], d5 = d[5 * from];
    const Vec even = d4 - 4 * d2, odd = d3 - 4 * d1;
    const Vec twice_even = d4 - d2, twice_odd = 2 * (d3 - d1);
    out[0] = 4 * d0 - 5 * d2 + d4;
    out[to] = even + odd;
    out[2 * to] = even - odd;
    out[3 * to] = twice_even + twice_odd;
    out[4 * to] = twice_even - twice_odd;
    out[5 * to] = 4 * d1 - 5 * d3 + d5;
}

/* A' m: 6 to 4. */
static inline void
transform_output(const Vec *m, gint64 from, Vec *out, gint64 to)
{
    const Vec m0 = m[0], m5 = m[5 * from];
    const Vec sum = m[from] + m[2 * from], difference = m[from] - m[2 * from];
    const Vec sum2 = m[3 * from] + m[4 * from], difference2 = m[3 * from] - m[4 * from];
    out[0] = m0 + sum + sum2;
    out[to] = difference + 2 * difference2;
    out[2 * to] = sum + 4 * sum2;
    out[3 * to] = difference + 8 * difference2 + m5;
}

/* A y: 4 to 6, the adjoint of the above. */
static inline void
transform_output_gradient(const Vec *y, gint64 from, Vec *out, gint64 to)
{
    const Vec y0 = y[0], y1 = y[from], y2 = y[2 * from], y3 = y[3 * from];
    const Vec even = y0 + y2, odd = y1 + y3;
    const Vec even2 = y0 + 4 * y2, odd2 = 2 * y1 + 8 * y3;
    out[0] = y0;
    out[to] = even + odd;
    out[2 * to] = even - odd;
    out[3 * to] = even2 + odd2;
    out[4 * to] = even2 - odd2;
    out[5 * to] = y3;
}

/* G g: 3 to 6. */
static inline void
transform_filter(const Vec *g, gint64 from, Vec *out, gint64 to)
{
    const Vec even = (g[0] + g[2 * from]) * (-1.0f / 6), odd = g[from] * (1.0f / 6);
    const Vec even2 = g[0] * (1.0f / 24) + g[2 * from] * (1.0f / 6), odd2 = g[from] * (1.0f / 12);
    out[0] = g[0] * 0.25f;
    out[to] = even - odd;
    out[2 * to] = even + odd;
    out[3 * to] = even2 + odd2;
    out[4 * to] = even2 - odd2;
    out[5 * to] = g[2 * from];
}

/* G' u: 6 to 3, the adjoint of the above. */
static inline void
transform_filter_gradient(const Vec *u, gint64 from, Vec *out, gint64 to)
{
    const Vec sum = (u[from] + u[2 * from]) * (1.0f / 6);
    const Vec sum2 = u[3 * from] + u[4 * from];
    out[0] = u[0] * 0.25f - sum + sum2 * (1.0f / 24);
    out[to] = (u[2 * from] - u[from]) * (1.0f / 6) + (u[3 * from] - u[4 * from]) * (1.0f / 12);
    out[2 * to] = sum2 * (1.0f / 6) - sum + u[5 * from];
}
