/* How many pictures of 256 x 256 RGB bytes one core changes in a second, change by change.
 *
 *     bench-augment [SECONDS]      (default 1 a change; 0.02 where TESSERA_BENCH_SMOKE is set)
 *
 * Prints change, value, unit. */
#include "base/error.h"
#include "base/threads.h"
#include "bench.h"
#include "sample/augment.h"

enum { SIDE = 256 };

/* A gradient with noise. */
static TsImage *
make_picture(void)
{
    TsImage *image = ts_image_new(SIDE, SIDE, 3, TS_U8, NULL);
    guint32 state = 1;
    for (int i = 0; i < SIDE * SIDE * 3; i++) {
        state = state * 1664525 + 1013904223;
        image->data[i] = (guint8) (40 + i / 3 % SIDE / 2 + i % 3 * 20 + (state >> 28));
    }
    return image;
}

static void
bench(const TsImage *image, const char *list, double limit)
{
    TsAugment how;
    GError *error = NULL;
    guint64 n = 0;
    if (!ts_augment_parse(list, &how, &error))
        fail_on(error);
    const double start = seconds();
    double now = start;
    for (; now - start < limit; n++, now = seconds()) {
        TsEdits edits;
        ts_augment_draw(&how, 1, n, SIDE, SIDE, &edits, &error);
        fail_on(error);
        ts_image_free(ts_edits_apply(image, &edits, &error));
        fail_on(error);
    }
    printf("%-44s\t%8.0f\tpictures/s\n", list, (double) n / (now - start));
}

int
main(int argc, char **argv)
{
    static const char *const lists[] = {"hflip@1",
                                        "d4",
                                        "rotate=12,scale=0.2,shear=15,shift=0.1",
                                        "crop=128x128",
                                        "resized-crop=0.3..1",
                                        "perspective=0.5",
                                        "elastic=50:5",
                                        "brightness=0.2",
                                        "contrast=0.2",
                                        "gamma=0.2",
                                        "saturation=0.4",
                                        "hue=0.1",
                                        "brightness=0.2,contrast=0.2,saturation=0.2",
                                        "blur=1..1",
                                        "blur=3..3",
                                        "sharpen=1",
                                        "noise=0.1",
                                        "poisson=100",
                                        "salt-pepper=0.05",
                                        "jpeg=50",
                                        "erase=0.1",
                                        "clahe=4",
                                        "stain=0.05"};
    double limit = argc > 1                                  ? g_ascii_strtod(argv[1], NULL)
                   : g_getenv("TESSERA_BENCH_SMOKE") != NULL ? 0.02
                                                             : 1;
    ts_threads_set(1);
    g_autoptr(TsImage) image = make_picture();
    for (guint i = 0; i < G_N_ELEMENTS(lists); i++)
        bench(image, lists[i], limit);
    return 0;
}
