/* What --arch of train and finetune names: an architecture, or a file that describes one. */
#include "train.h"

#include "nn/arch/arch.h"

#include <string.h>

/* A name of ours has no dot and no slash before its options. */
static gboolean
is_file(const char *text)
{
    const char end = text[strcspn(text, "./:")];
    return end == '.' || end == '/' || g_file_test(text, G_FILE_TEST_IS_REGULAR);
}

char *
train_read_arch(const char *text, GError **error)
{
    return is_file(text) ? ts_arch_read(text, error) : g_strdup(text);
}
