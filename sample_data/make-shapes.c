/* Draw small colour pictures of discs, squares and triangles, a folder a class, and a manifest that
 * names them: the data set of the tests and of the examples in the man pages. Triangles are few, so
 * that there is an imbalance to mend. */
#include "base/error.h"
#include "base/outfile.h"
#include "base/tool.h"
#include "draw.h"
#include "image/image.h"

#include <math.h>
#include <string.h>

enum { SIDE = 32, N_SHAPES = 3, PER_GROUP = 3 };

static const struct {
    const char *name;
    int count;
    int n_corners; /* 0: a disc */
} shapes[N_SHAPES] = {{"disc", 24, 0}, {"square", 12, 4}, {"triangle", 6, 3}};

static double
between(TsRng *rng, double low, double high)
{
    return low + (high - low) * ts_rng_uniform(rng);
}

static void
draw_shape(DrawCanvas *canvas, int n_corners, TsRng *rng)
{
    float ink[3], paper[3];
    for (int band = 0; band < 3; band++) {
        ink[band] = (float) between(rng, 120, 255);
        paper[band] = (float) between(rng, 0, 90);
    }
    const DrawPoint all[4] = {{0, 0}, {SIDE, 0}, {SIDE, SIDE}, {0, SIDE}};
    draw_polygon(canvas, all, 4, paper);
    double radius = between(rng, 7, 11), turn = between(rng, 0, 2 * G_PI);
    DrawPoint middle = {between(rng, 13, 19), between(rng, 13, 19)};
    DrawPoint corners[4];
    for (int i = 0; i < n_corners; i++) {
        double angle = turn + 2 * G_PI * i / n_corners;
        corners[i] = (DrawPoint){middle.x + radius * cos(angle), middle.y + radius * sin(angle)};
    }
    if (n_corners == 0)
        draw_line(canvas, middle, middle, 2 * radius, ink);
    else
        draw_polygon(canvas, corners, n_corners, ink);
    draw_noise(canvas, 8, rng);
}

static gboolean
write_shape(const char *path, int n_corners, TsRng *rng, GError **error)
{
    DrawCanvas canvas;
    draw_init(&canvas, SIDE, SIDE, 3);
    draw_shape(&canvas, n_corners, rng);
    g_autoptr(TsImage) image = ts_image_new(SIDE, SIDE, 3, TS_U8, error);
    if (image == NULL)
        return FALSE;
    draw_to_bytes(&canvas, image->data, SIDE * 3);
    return ts_image_write(image, path, NULL, TRUE, error);
}

/* Draw all pictures of one class into FOLDER/shapes/NAME and list them in `manifest`. */
static gboolean
make_class(const char *folder, int shape, FILE *manifest, GError **error)
{
    g_autofree char *class_folder = g_build_filename(folder, "shapes", shapes[shape].name, NULL);
    if (!ts_make_folder(class_folder, error))
        return FALSE;
    for (int i = 0; i < shapes[shape].count; i++) {
        TsRng rng;
        ts_rng_init(&rng, ts_tool_seed(), shapes[shape].name, i);
        g_autofree char *path =
            g_strdup_printf("%s/%s-%02d.png", class_folder, shapes[shape].name, i + 1);
        if (!write_shape(path, shapes[shape].n_corners, &rng, error))
            return FALSE;
        fprintf(manifest, "%s\t%s\t%s-%d\n", path + strlen(folder) + 1, shapes[shape].name,
                shapes[shape].name, i / PER_GROUP + 1);
    }
    return TRUE;
}

static gboolean
run(int n_args, char **args, GError **error)
{
    const char *folder = args[0];
    g_autofree char *path = g_build_filename(folder, "shapes.tsv", NULL);
    if (!ts_make_folder(folder, error))
        return FALSE;
    g_autoptr(TsOutFile) out = ts_out_file_new(path, TRUE, error);
    if (out == NULL)
        return FALSE;
    fputs("file_name\tlabel\tgroup\n", ts_out_file_stream(out));
    for (int shape = 0; shape < N_SHAPES; shape++)
        if (!make_class(folder, shape, ts_out_file_stream(out), error))
            return FALSE;
    return ts_out_file_commit(out, error);
}

int
main(int argc, char **argv)
{
    static const TsTool tool = {
        .name = "make-shapes",
        .arguments = "FOLDER",
        .summary = "Draw 24 discs, 12 squares and 6 triangles into FOLDER/shapes/CLASS and list "
                   "them in FOLDER/shapes.tsv",
        .examples = "  make-shapes sample_data/cache",
        .flags = TS_TOOL_SEED,
        .min_args = 1,
        .max_args = 1,
        .run = run,
    };
    return ts_tool_main(&tool, argc, argv);
}
