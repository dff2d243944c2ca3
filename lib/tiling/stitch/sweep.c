/* Slabs and patches of a canvas: where pieces begin and end, as arithmetic. */
#include "tiling/stitch/sweep.h"

void
ts_sweep_init(TsSweep *self, const TsCanvas *canvas, int max_rows)
{
    *self = (TsSweep){.canvas = canvas, .max_rows = max_rows};
    self->active = g_array_new(FALSE, FALSE, sizeof(guint64));
    self->patches = g_array_new(FALSE, FALSE, sizeof(TsPatch));
    self->covers = g_array_new(FALSE, FALSE, sizeof(guint64));
    self->edges = g_array_new(FALSE, FALSE, sizeof(int));
}

void
ts_sweep_clear(TsSweep *self)
{
    g_clear_pointer(&self->active, g_array_unref);
    g_clear_pointer(&self->patches, g_array_unref);
    g_clear_pointer(&self->covers, g_array_unref);
    g_clear_pointer(&self->edges, g_array_unref);
}

static const TsPiece *
active_piece(const TsSweep *self, guint i)
{
    return &self->canvas->pieces[g_array_index(self->active, guint64, i)];
}

/* Pieces that ended above `y` go, those that begin at `y` come; the order by x is kept. */
static void
update_active(TsSweep *self, int y)
{
    GArray *active = self->active, *merged = g_array_new(FALSE, FALSE, sizeof(guint64));
    const TsPiece *pieces = self->canvas->pieces;
    guint i = 0;
    for (;;) {
        while (i < active->len && active_piece(self, i)->y + active_piece(self, i)->height <= y)
            i++;
        gboolean comes = self->n_begun < self->canvas->n && pieces[self->n_begun].y <= y;
        if (i == active->len && !comes)
            break;
        gboolean goes_on =
            i < active->len && (!comes || active_piece(self, i)->x <= pieces[self->n_begun].x);
        guint64 number = goes_on ? g_array_index(active, guint64, i++) : self->n_begun++;
        g_array_append_val(merged, number);
    }
    g_array_unref(active);
    self->active = merged;
}

/* The slab ends where the next piece begins or one ends. */
static int
end_of_slab(const TsSweep *self, int y)
{
    int end = self->canvas->height - y > self->max_rows ? y + self->max_rows : self->canvas->height;
    if (self->n_begun < self->canvas->n)
        end = MIN(end, self->canvas->pieces[self->n_begun].y);
    for (guint i = 0; i < self->active->len; i++)
        end = MIN(end, active_piece(self, i)->y + active_piece(self, i)->height);
    return end;
}

static gint
compare_ints(gconstpointer a, gconstpointer b)
{
    int one = *(const int *) a, two = *(const int *) b;
    return (one > two) - (one < two);
}

static void
find_edges(TsSweep *self)
{
    int ends[2] = {0, self->canvas->width};
    g_array_set_size(self->edges, 0);
    g_array_append_vals(self->edges, ends, 2);
    for (guint i = 0; i < self->active->len; i++) {
        const TsPiece *piece = active_piece(self, i);
        int sides[2] = {piece->x, piece->x + piece->width};
        g_array_append_vals(self->edges, sides, 2);
    }
    g_array_sort(self->edges, compare_ints);
}

/* Add `piece` to the pieces from `first` on, which ascend. */
static void
insert_ascending(GArray *covers, guint first, guint64 piece)
{
    guint at = covers->len;
    while (at > first && g_array_index(covers, guint64, at - 1) > piece)
        at--;
    g_array_insert_val(covers, at, piece);
}

/* The pieces over the patch from `x` on: those of the patch before it that go on, and those that
 * begin here, from `*next` of the active ones on. */
static void
add_patch(TsSweep *self, int x, int width, guint *next)
{
    TsPatch patch = {.x = x, .width = width, .first = self->covers->len};
    if (self->patches->len > 0) {
        TsPatch before = g_array_index(self->patches, TsPatch, self->patches->len - 1);
        for (guint i = before.first; i < before.first + before.n; i++) {
            guint64 number = g_array_index(self->covers, guint64, i);
            const TsPiece *piece = &self->canvas->pieces[number];
            if (piece->x + piece->width > x)
                g_array_append_val(self->covers, number);
        }
    }
    for (; *next < self->active->len && active_piece(self, *next)->x == x; (*next)++)
        insert_ascending(self->covers, patch.first, g_array_index(self->active, guint64, *next));
    patch.n = self->covers->len - patch.first;
    g_array_append_val(self->patches, patch);
}

gboolean
ts_sweep_next(TsSweep *self)
{
    int y = self->y + self->height;
    guint next = 0;
    if (y >= self->canvas->height)
        return FALSE;
    update_active(self, y);
    self->y = y;
    self->height = end_of_slab(self, y) - y;
    find_edges(self);
    g_array_set_size(self->patches, 0);
    g_array_set_size(self->covers, 0);
    for (guint i = 0; i + 1 < self->edges->len; i++) {
        int x = g_array_index(self->edges, int, i), end = g_array_index(self->edges, int, i + 1);
        if (end > x)
            add_patch(self, x, end - x, &next);
    }
    return TRUE;
}
