/* Any text as the changes of a row, and as a list to draw from: an error, or something whose own
 * text reads back as the same, and which a small picture goes through. */
#include "sample/augment.h"

#include <string.h>

enum { SIDE = 6, SIDE_MAX = 256 };

int LLVMFuzzerTestOneInput(const guint8 *input, gsize n);

static void
apply(const char *text)
{
    int width = SIDE, height = SIDE;
    g_autoptr(TsImage) image = ts_image_new(SIDE, SIDE, 3, TS_U8, NULL);
    g_assert(ts_edits_get_size(text, &width, &height, NULL));
    if (width > SIDE_MAX || height > SIDE_MAX || strstr(text, "resized") != NULL)
        return;
    g_autoptr(TsImage) changed = ts_edits_apply_text(image, text, NULL);
    g_assert(changed == NULL || (changed->width == width && changed->height == height));
}

static void
draw(const char *list)
{
    TsAugment how;
    TsEdits edits, again;
    if (!ts_augment_parse(list, &how, NULL) ||
        !ts_augment_draw(&how, 1, 2, SIDE, SIDE, &edits, NULL))
        return;
    ts_edits_round(&edits);
    g_autoptr(GString) text = g_string_new(NULL);
    ts_edits_format(&edits, text);
    g_assert(ts_edits_parse(text->str, &again, NULL) && again.n == edits.n);
}

int
LLVMFuzzerTestOneInput(const guint8 *input, gsize n)
{
    TsEdits edits;
    g_autoptr(GError) error = NULL;
    g_autofree char *text = g_strndup((const char *) input, n);
    draw(text);
    gboolean sound = ts_edits_check_text(text, &error);
    g_assert(sound == (error == NULL));
    if (!sound)
        return 0;
    apply(text);
    if (strchr(text, '|') != NULL || !ts_edits_parse(text, &edits, NULL))
        return 0;
    g_autoptr(GString) first = g_string_new(NULL), second = g_string_new(NULL);
    ts_edits_format(&edits, first);
    g_assert(ts_edits_parse(first->str, &edits, NULL));
    ts_edits_format(&edits, second);
    g_assert_cmpstr(first->str, ==, second->str);
    return 0;
}
