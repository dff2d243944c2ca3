/* The transforms of Winograd's F(2x2, 3x3), one direction at a time, for any number of lanes.
 *
 * Matrices of Lavin and Gray, "Fast algorithms for convolutional neural networks" (2015), section
 * 4.1, with the points 0, 1, -1 and infinity:
 *
 *          1  0 -1  0           1    0    0
 *    B' =  0  1  1  0     G =  1/2  1/2  1/2     A' =  1  1  1  0
 *          0 -1  1  0          1/2 -1/2  1/2           0  1 -1 -1
 *          0  1  0 -1           0    0    1
 *
 * As in transforms4.h, which says what the matrices do. They add few numbers, and their
 * coefficients are at most 1, so that factors may be rounded to bf16 between transform and product.
 */

/* B' d: 4 to 4. */
static inline void
transform_input(const Vec *d, gint64 from, Vec *out, gint64 to)
{
    const Vec d0 = d[0], d1 = d[from], d2 = d[2 * from], d3 = d[3 * from];
    out[0] = d0 - d2;
    out[to] = d1 + d2;
    out[2 * to] = d2 - d1;
    out[3 * to] = d1 - d3;
}

/* A' m: 4 to 2. */
static inline void
transform_output(const Vec *m, gint64 from, Vec *out, gint64 to)
{
    const Vec m0 = m[0], m1 = m[from], m2 = m[2 * from], m3 = m[3 * from];
    out[0] = m0 + m1 + m2;
    out[to] = m1 - m2 - m3;
}

/* A y: 2 to 4, the adjoint of the above. */
static inline void
transform_output_gradient(const Vec *y, gint64 from, Vec *out, gint64 to)
{
    const Vec y0 = y[0], y1 = y[from];
    out[0] = y0;
    out[to] = y0 + y1;
    out[2 * to] = y0 - y1;
    out[3 * to] = -y1;
}

/* G g: 3 to 4. */
static inline void
transform_filter(const Vec *g, gint64 from, Vec *out, gint64 to)
{
    const Vec g0 = g[0], g2 = g[2 * from];
    const Vec even = (g0 + g2) * 0.5f, odd = g[from] * 0.5f;
    out[0] = g0;
    out[to] = even + odd;
    out[2 * to] = even - odd;
    out[3 * to] = g2;
}

/* G' u: 4 to 3, the adjoint of the above. */
static inline void
transform_filter_gradient(const Vec *u, gint64 from, Vec *out, gint64 to)
{
    const Vec u0 = u[0], u3 = u[3 * from];
    const Vec sum = (u[from] + u[2 * from]) * 0.5f, difference = (u[from] - u[2 * from]) * 0.5f;
    out[0] = u0 + sum;
    out[to] = difference;
    out[2 * to] = sum + u3;
}
