/* Draw a sheet of digits as if written by hand: the picture of the tests, and of the worked example
 * where there is no network. Same layout as OpenCV's digits.png: cells of 20 x 20 pixels, white on
 * black, the classes 0 to 9 from top to bottom. */
#include "base/error.h"
#include "base/tool.h"
#include "draw.h"
#include "image/image.h"

#include <math.h>

enum { CELL = 20, N_CLASSES = 10, MAX_POINTS = 12, N_STYLES = 2 };

static int columns = 20;
static int rows_per_class = 1;

/* Two ways to write each digit. A point is two figures, x and y on a grid of 0 to 9 (y downwards),
 * a stroke is a smooth curve through its points, and "/" lifts the pen. */
static const char *const glyphs[N_CLASSES][N_STYLES] = {
    {"40 21 04 28 49 78 94 71 40", "60 31 14 18 49 87 84 71 50"},
    {"40 49", "32 50 59"},
    {"12 30 60 83 56 19 99", "12 40 71 74 38 19 27 58 88"},
    {"11 40 82 64 34 65 87 59 08", "10 80 44 64 87 79 49 18"},
    {"30 15 56 95 / 62 69", "20 14 45 74 / 70 79"},
    {"20 24 53 85 88 49 18 / 20 80", "80 30 24 54 86 69 39 18"},
    {"70 32 16 28 59 87 75 45 17", "40 24 18 49 88 86 55 26"},
    {"10 80 / 80 55 49", "10 80 / 80 39 / 35 75"},
    {"54 12 40 82 44 17 49 87 54", "40 21 23 44 73 71 40 / 44 15 18 49 88 85 44"},
    {"82 40 12 24 54 82 85 77 59", "72 40 11 24 45 73 72 / 71 79"},
};

/* A random hand: slant, turn, size, place. */
typedef struct {
    double xx, xy, yx, yy, x0, y0;
} Affine;

static double
between(TsRng *rng, double low, double high)
{
    return low + (high - low) * ts_rng_uniform(rng);
}

static Affine
draw_hand(TsRng *rng)
{
    double width = between(rng, 7, 12), height = between(rng, 12, 15.5);
    double angle = between(rng, -0.18, 0.18), shear = between(rng, -0.1, 0.35);
    Affine hand = {
        .xx = width * cos(angle),
        .xy = -height * (sin(angle) + shear),
        .yx = width * sin(angle),
        .yy = height * cos(angle),
        .x0 = CELL / 2.0 + between(rng, -1, 1),
        .y0 = CELL / 2.0 + between(rng, -1, 1),
    };
    return hand;
}

static DrawPoint
place(const Affine *hand, DrawPoint p, TsRng *rng)
{
    double x = p.x - 0.5 + 0.035 * ts_rng_normal(rng), y = p.y - 0.5 + 0.025 * ts_rng_normal(rng);
    return (DrawPoint){hand->x0 + hand->xx * x + hand->xy * y,
                       hand->y0 + hand->yx * x + hand->yy * y};
}

static void
draw_digit(DrawCanvas *canvas, int digit, TsRng *rng)
{
    const char *glyph = glyphs[digit][ts_rng_below(rng, N_STYLES)];
    Affine hand = draw_hand(rng);
    double pen = between(rng, 1.2, 2.8);
    float ink = (float) between(rng, 190, 255);
    g_auto(GStrv) strokes = g_strsplit(glyph, " / ", 0);
    for (char **stroke = strokes; *stroke != NULL; stroke++) {
        DrawPoint points[MAX_POINTS];
        int n = 0;
        for (const char *p = *stroke; *p != '\0'; p += p[2] == ' ' ? 3 : 2) {
            DrawPoint grid = {(p[0] - '0') / 9.0, (p[1] - '0') / 9.0};
            points[n++] = place(&hand, grid, rng);
        }
        draw_curve(canvas, points, n, pen, &ink);
    }
}

static gboolean
run(int n_args, char **args, GError **error)
{
    if (columns < 1 || columns > 1000 || rows_per_class < 1 || rows_per_class > 100)
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "--columns goes from 1 to 1000, --rows from 1 to 100");
    int n_rows = N_CLASSES * rows_per_class;
    gsize row_bytes = (gsize) columns * CELL;
    g_autoptr(TsImage) sheet = ts_image_new(columns * CELL, n_rows * CELL, 1, TS_U8, error);
    if (sheet == NULL)
        return FALSE;
    for (int row = 0; row < n_rows; row++)
        for (int column = 0; column < columns; column++) {
            TsRng rng;
            DrawCanvas canvas;
            ts_rng_init(&rng, ts_tool_seed(), "sheet", (guint64) row * columns + column);
            draw_init(&canvas, CELL, CELL, 1);
            draw_digit(&canvas, row / rows_per_class, &rng);
            draw_noise(&canvas, 6, &rng);
            draw_to_bytes(&canvas, sheet->data + row * CELL * row_bytes + column * CELL, row_bytes);
        }
    return ts_image_write(sheet, args[0], NULL, TRUE, error);
}

static const GOptionEntry options[] = {
    {"columns", 0, 0, G_OPTION_ARG_INT, &columns, "Cells in a row (default: 20)", "N"},
    {"rows", 0, 0, G_OPTION_ARG_INT, &rows_per_class, "Rows of cells for each digit (default: 1)",
     "N"},
    {NULL},
};

int
main(int argc, char **argv)
{
    static const TsTool tool = {
        .name = "make-sheet",
        .arguments = "FILE",
        .summary =
            "Draw a sheet of digits, 20 x 20 pixels each, 0 in the first rows, 9 in the last",
        .examples = "  make-sheet sheet.png\n  make-sheet --columns 100 --rows 5 digits.png",
        .flags = TS_TOOL_SEED,
        .min_args = 1,
        .max_args = 1,
        .options = options,
        .run = run,
    };
    return ts_tool_main(&tool, argc, argv);
}
