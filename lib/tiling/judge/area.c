/* Scanlines over a table of edges, clipped to a tile. */
#include "tiling/judge/area.h"

#include "base/error.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* From top to bottom, whichever way it was drawn, so that both its sides see the same numbers. */
typedef struct {
    TsPoint top, bottom;
    int first_row, end_row; /* of the tile, half-open */
} Edge;

typedef struct {
    const TsRaster *raster;
    Edge *edges; /* (n), by first_row */
    gsize n;
    double *crossings; /* (n) */
} Table;

static void
table_clear(Table *table)
{
    g_free(table->edges);
    g_free(table->crossings);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Table, table_clear)

static double
row_centre(const TsRaster *raster, int row)
{
    return raster->y + (row + 0.5) * raster->step_y;
}

static double
column_centre(const TsRaster *raster, int column)
{
    return raster->x + (column + 0.5) * raster->step_x;
}

/* The first row, 0 to height, whose centre is at or below y. */
static int
row_from(const TsRaster *raster, double y)
{
    double guess = ceil((y - raster->y) / raster->step_y - 0.5);
    int row = (int) CLAMP(guess, 0, raster->height);
    while (row > 0 && row_centre(raster, row - 1) >= y)
        row--;
    while (row < raster->height && row_centre(raster, row) < y)
        row++;
    return row;
}

static int
column_from(const TsRaster *raster, double x)
{
    double guess = ceil((x - raster->x) / raster->step_x - 0.5);
    int column = (int) CLAMP(guess, 0, raster->width);
    while (column > 0 && column_centre(raster, column - 1) >= x)
        column--;
    while (column < raster->width && column_centre(raster, column) < x)
        column++;
    return column;
}

static gboolean
make_edge(const TsRaster *raster, TsPoint a, TsPoint b, Edge *edge)
{
    *edge = a.y <= b.y ? (Edge){.top = a, .bottom = b} : (Edge){.top = b, .bottom = a};
    double right = column_centre(raster, raster->width - 1);
    if (a.y == b.y || (a.x > right && b.x > right) || edge->bottom.y <= row_centre(raster, 0) ||
        edge->top.y > row_centre(raster, raster->height - 1))
        return FALSE;
    edge->first_row = row_from(raster, edge->top.y);
    edge->end_row = row_from(raster, edge->bottom.y);
    return edge->first_row < edge->end_row;
}

/* Count the edges in the tile's rows, or write them down. */
static gsize
collect(const TsArea *area, const TsRaster *raster, Edge *edges)
{
    gsize n = 0;
    for (gsize r = 0; r < area->n_rings; r++) {
        const TsRing *ring = &area->rings[r];
        for (gsize i = 0; i < ring->n; i++) {
            Edge edge;
            TsPoint next = ring->points[i + 1 < ring->n ? i + 1 : 0];
            if (!make_edge(raster, ring->points[i], next, &edge))
                continue;
            if (edges != NULL)
                edges[n] = edge;
            n++;
        }
    }
    return n;
}

static int
compare_edges(const void *a, const void *b)
{
    return ((const Edge *) a)->first_row - ((const Edge *) b)->first_row;
}

static int
compare_crossings(const void *a, const void *b)
{
    double x = *(const double *) a, y = *(const double *) b;
    return (x > y) - (x < y);
}

static gboolean
table_init(Table *table, const TsArea *area, const TsRaster *raster, GError **error)
{
    table->raster = raster;
    table->n = collect(area, raster, NULL);
    table->edges = ts_try_alloc(table->n, sizeof *table->edges, "edges", error);
    table->crossings = table->edges != NULL
                           ? ts_try_alloc(table->n, sizeof *table->crossings, "edges", error)
                           : NULL;
    if (table->crossings == NULL)
        return FALSE;
    collect(area, raster, table->edges);
    qsort(table->edges, table->n, sizeof *table->edges, compare_edges);
    return TRUE;
}

/* Where the row meets the edge. */
static double
crossing(const Edge *edge, double y)
{
    return edge->top.x +
           (y - edge->top.y) * (edge->bottom.x - edge->top.x) / (edge->bottom.y - edge->top.y);
}

static void
fill_row(const Table *table, gsize n, guint16 value, guint16 *row)
{
    qsort(table->crossings, n, sizeof *table->crossings, compare_crossings);
    for (gsize i = 0; i < n; i += 2) {
        int first = column_from(table->raster, table->crossings[i]);
        int end = i + 1 < n ? column_from(table->raster, table->crossings[i + 1])
                            : table->raster->width; /* it closes right of the tile */
        for (int x = first; x < end; x++)
            row[x] = value;
    }
}

gboolean
ts_area_fill(const TsArea *area, const TsRaster *raster, guint16 value, guint16 *out,
             GError **error)
{
    g_auto(Table) table = {0};
    if (area->right < column_centre(raster, 0) || area->bottom < row_centre(raster, 0) ||
        area->left > column_centre(raster, raster->width - 1) ||
        area->top > row_centre(raster, raster->height - 1))
        return TRUE;
    if (!table_init(&table, area, raster, error))
        return FALSE;
    gsize begin = 0, end = 0; /* edges that have begun; those that ended are moved out */
    for (int row = 0; row < raster->height; row++) {
        gsize n = 0;
        while (end < table.n && table.edges[end].first_row <= row)
            end++;
        for (gsize i = begin; i < end; i++)
            if (table.edges[i].end_row > row)
                table.crossings[n++] = crossing(&table.edges[i], row_centre(raster, row));
            else
                table.edges[i] = table.edges[begin++];
        fill_row(&table, n, value, out + (gsize) row * (gsize) raster->width);
    }
    return TRUE;
}
