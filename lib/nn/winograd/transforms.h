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
 * same function serves rows and columns.
 */

/* B' d: 6 to 6. */
static inline void
transform_input(const Vec *d, int from, Vec *out, int to)
{
    const Vec even = d[4 * from] - 4 * d[2 * from], odd = d[3 * from] - 4 * d[from];
    const Vec twice_even = d[4 * from] - d[2 * from], twice_odd = 2 * (d[3 * from] - d[from]);
    out[0] = 4 * d[0] - 5 * d[2 * from] + d[4 * from];
    out[to] = even + odd;
    out[2 * to] = even - odd;
    out[3 * to] = twice_even + twice_odd;
    out[4 * to] = twice_even - twice_odd;
    out[5 * to] = 4 * d[from] - 5 * d[3 * from] + d[5 * from];
}

/* A' m: 6 to 4. */
static inline void
transform_output(const Vec *m, int from, Vec *out, int to)
{
    const Vec sum = m[from] + m[2 * from], difference = m[from] - m[2 * from];
    const Vec sum2 = m[3 * from] + m[4 * from], difference2 = m[3 * from] - m[4 * from];
    out[0] = m[0] + sum + sum2;
    out[to] = difference + 2 * difference2;
    out[2 * to] = sum + 4 * sum2;
    out[3 * to] = difference + 8 * difference2 + m[5 * from];
}

/* A y: 4 to 6, the adjoint of the above. */
static inline void
transform_output_gradient(const Vec *y, int from, Vec *out, int to)
{
    const Vec even = y[0] + y[2 * from], odd = y[from] + y[3 * from];
    const Vec even2 = y[0] + 4 * y[2 * from], odd2 = 2 * y[from] + 8 * y[3 * from];
    out[0] = y[0];
    out[to] = even + odd;
    out[2 * to] = even - odd;
    out[3 * to] = even2 + odd2;
    out[4 * to] = even2 - odd2;
    out[5 * to] = y[3 * from];
}

/* G g: 3 to 6. */
static inline void
transform_filter(const Vec *g, int from, Vec *out, int to)
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
transform_filter_gradient(const Vec *u, int from, Vec *out, int to)
{
    const Vec sum = (u[from] + u[2 * from]) * (1.0f / 6);
    const Vec sum2 = u[3 * from] + u[4 * from];
    out[0] = u[0] * 0.25f - sum + sum2 * (1.0f / 24);
    out[to] = (u[2 * from] - u[from]) * (1.0f / 6) + (u[3 * from] - u[4 * from]) * (1.0f / 12);
    out[2 * to] = sum2 * (1.0f / 6) - sum + u[5 * from];
}
