/* Any bytes as CSV, JSON Lines or COCO, by the first byte: a table whose cells can all be read, or
 * an error. */
#include "store/table.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const guint8 *input, gsize n);

int
LLVMFuzzerTestOneInput(const guint8 *input, gsize n)
{
    if (n == 0)
        return 0;
    g_autoptr(GError) error = NULL;
    g_autofree char *text = g_memdup2(input + 1, n - 1);
    g_autoptr(TsTable) table = input[0] % 3 == 0 ? ts_table_parse_csv(text, n - 1, "input", &error)
                               : input[0] % 3 == 1
                                   ? ts_table_parse_jsonl(text, n - 1, "input", &error)
                                   : ts_table_parse_coco(text, n - 1, "input", &error);
    g_assert((table == NULL) == (error != NULL));
    for (guint64 row = 0; table != NULL && row < ts_table_n_rows(table); row++)
        for (guint column = 0; column < ts_table_n_columns(table); column++) {
            const char *cell = ts_table_get(table, row, column);
            g_assert(cell == NULL || g_utf8_validate(cell, -1, NULL));
        }
    return 0;
}
