/* Edit distance to each known name. */
#include "base/nearest.h"

#include <string.h>

enum { LONGEST = 64 }; /* longer names are near to nothing */

static guint
edits_between(const char *a, const char *b)
{
    const gsize n = strlen(b);
    guint row[LONGEST + 1];
    for (gsize j = 0; j <= n; j++)
        row[j] = (guint) j;
    for (gsize i = 1; a[i - 1] != '\0'; i++) {
        guint diagonal = row[0];
        row[0] = (guint) i;
        for (gsize j = 1; j <= n; j++) {
            const guint replaced = diagonal + (a[i - 1] != b[j - 1]);
            diagonal = row[j];
            row[j] = MIN(replaced, MIN(row[j], row[j - 1]) + 1);
        }
    }
    return row[n];
}

const char *
ts_nearest(const char *name, const char *const *known)
{
    const gsize length = strlen(name);
    const char *nearest = NULL;
    guint fewest = (guint) length / 3 + 2;
    for (; length <= LONGEST && *known != NULL; known++) {
        const guint edits = strlen(*known) <= LONGEST ? edits_between(name, *known) : G_MAXUINT;
        if (edits >= fewest)
            continue;
        fewest = edits;
        nearest = *known;
    }
    return nearest;
}

char *
ts_nearest_hint(const char *name, const char *const *known)
{
    const char *nearest = ts_nearest(name, known);
    return nearest != NULL ? g_strdup_printf(" (nearest: %s)", nearest) : g_strdup("");
}
