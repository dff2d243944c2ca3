/* datacheck: the manifest with findings, and the contact sheet. */
#include "datacheck.h"

#include "base/log.h"
#include "base/tool.h"
#include "check/sheet.h"
#include "image/image.h"
#include "manifest/writer.h"

#include <string.h>

/* "dark,blurry"; NULL for none. */
static char *
issues_text(guint32 issues)
{
    GString *text = g_string_new(NULL);
    for (int issue = 0; issue < TS_ISSUES; issue++)
        if (issues & 1u << issue)
            g_string_append_printf(text, "%s%s", text->len > 0 ? "," : "",
                                   ts_issue_name((TsIssue) issue));
    return g_string_free(text, text->len == 0);
}

gboolean
datacheck_write_manifest(const DataCheck *check, const char *path, GError **error)
{
    static const char *const extra[] = {"issues", "dup_group", "dup_keep", NULL};
    const TsDuplicates *duplicates = check->duplicates;
    g_autoptr(TsManifestWriter) writer =
        ts_manifest_writer_new_like(path, check->manifest, extra, ts_tool_force(), error);
    for (guint32 i = 0; writer != NULL && i < check->seen->n; i++) {
        const guint32 group = duplicates->group[i];
        const gboolean keep = group == TS_NO_GROUP || duplicates->kept[group] == i;
        g_autofree char *issues = issues_text(check->issues[i]);
        g_autofree char *name = group != TS_NO_GROUP ? datacheck_group_name(check, group) : NULL;
        const char *const values[] = {issues, name, keep ? "1" : "0"};
        if (!ts_manifest_writer_copy_row(writer, check->manifest, ts_dataset_row(check->dataset, i),
                                         values, error))
            return FALSE;
    }
    return writer != NULL && ts_manifest_writer_commit(writer, error);
}

/* Add pairs in a colour, 0: blue for copies that are equal, else grey. `known` holds those that
 * stand there already. */
static void
add_pairs(GArray *all, GHashTable *known, GArray *pairs, guint32 colour)
{
    for (guint k = 0; k < pairs->len; k++) {
        const DataCheckPair pair = g_array_index(pairs, DataCheckPair, k);
        gint64 *key = g_new(gint64, 1);
        *key = (gint64) MIN(pair.a, pair.b) << 32 | MAX(pair.a, pair.b);
        if (!g_hash_table_add(known, key))
            continue;
        const guint32 shade = colour != 0 ? colour : pair.distance < 0 ? 0x2060d0 : 0x909090;
        const TsSheetPair drawn = {
            .a = pair.a,
            .b = pair.b,
            .colour = {(guint8) (shade >> 16), (guint8) (shade >> 8), (guint8) shade}};
        g_array_append_val(all, drawn);
    }
    g_array_unref(pairs);
}

gboolean
datacheck_write_sheet(const DataCheck *check, const char *path, guint n, GError **error)
{
    const TsDuplicates *duplicates = check->duplicates;
    g_autoptr(GArray) pairs = g_array_new(FALSE, FALSE, sizeof(TsSheetPair));
    g_autoptr(GHashTable) known = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    if (check->splits != NULL && check->checks & 1u << TS_ISSUE_LEAK)
        add_pairs(pairs, known, datacheck_pairs(duplicates->leak, duplicates->n), 0xd02020);
    if (check->labels != NULL && check->checks & 1u << TS_ISSUE_LABEL_CONFLICT)
        add_pairs(pairs, known, datacheck_pairs(duplicates->clash, duplicates->n), 0xf0a000);
    add_pairs(pairs, known, datacheck_copies(duplicates), 0);
    if (pairs->len == 0) {
        ts_info("no pairs were found, %s is not written", path);
        return TRUE;
    }
    const guint n_drawn = MIN(n, pairs->len);
    g_autoptr(TsImage) sheet =
        ts_check_sheet(check->dataset, &g_array_index(pairs, TsSheetPair, 0), n_drawn, error);
    if (sheet == NULL || !ts_image_write(sheet, path, NULL, ts_tool_force(), error))
        return FALSE;
    ts_info(
        "%s: %u of %u pairs; red across splits, orange with other labels, blue equal, grey near",
        path, n_drawn, pairs->len);
    return TRUE;
}
