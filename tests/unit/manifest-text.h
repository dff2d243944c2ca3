/* Manifests as text, which tests compare. */
#pragma once

#include "manifest/manifest.h"

/* The header and the rows, a line each. Free with g_free(). */
static inline char *
manifest_text(const TsManifest *m)
{
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < ts_manifest_n_columns(m); i++)
        g_string_append_printf(text, "%s%s", i > 0 ? "\t" : "", ts_manifest_column_name(m, i));
    for (guint64 row = 0; row < ts_manifest_n_rows(m); row++) {
        TsCell raw = ts_manifest_raw_row(m, row);
        g_string_append_printf(text, "\n%.*s", (int) raw.length, raw.text);
    }
    return g_string_free(text, FALSE);
}
