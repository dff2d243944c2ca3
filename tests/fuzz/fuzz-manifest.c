/* Any bytes as a manifest: refused with a message, or a table whose cells all can be read and keep
 * what their file says. */
#include "manifest/classes.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const guint8 *data, gsize n);

static void
require(gboolean holds)
{
    if (!holds)
        abort();
}

static void
use_cell(TsCell cell)
{
    g_autofree char *text = ts_cell_unescape(cell);
    require((text == NULL) == ts_cell_is_null(cell));
    if (text == NULL)
        return;
    g_autofree char *raw = ts_escape(text);
    require(ts_cell_same(cell, (TsCell){raw, strlen(raw)}));
    require(ts_cell_equal(cell, text));
    double number;
    gint64 whole;
    require(!ts_cell_to_int(cell, &whole) || ts_cell_to_double(cell, &number));
}

static void
use_row(const TsManifest *manifest, guint64 row, TsCell *cells)
{
    ts_manifest_row(manifest, row, cells);
    for (guint i = 0; i < ts_manifest_n_columns(manifest); i++) {
        require(ts_cell_same(cells[i], ts_manifest_cell(manifest, row, i)));
        use_cell(cells[i]);
    }
    g_free(ts_manifest_id(manifest, row));
    g_free(ts_manifest_path(manifest, row));
}

int
LLVMFuzzerTestOneInput(const guint8 *data, gsize n)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(TsManifest) manifest =
        ts_manifest_parse(g_memdup2(data, n), n, "fuzz.tsv", "folder", &error);
    require((manifest == NULL) == (error != NULL));
    if (manifest == NULL)
        return 0;
    g_autofree TsCell *cells = g_new(TsCell, ts_manifest_n_columns(manifest));
    for (guint64 row = 0; row < ts_manifest_n_rows(manifest); row++)
        use_row(manifest, row, cells);
    g_autoptr(TsClasses) classes =
        ts_classes_new(manifest, ts_manifest_column_name(manifest, 0), &error);
    require((classes == NULL) == (error != NULL));
    return 0;
}
