/* Pieces that every picture of ours in SVG is made of, appended to its text.
 *
 *     ts_svg_line(out, "axis", 40, 300, 860, 300);
 *     g_autofree char *name = ts_svg_escape(class_name, 30);
 *     ts_svg_text(out, 40, 320, "class=\"soft\"", "%s", name);
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* `text` for XML, at most `max` characters (0: all); what XML cannot hold becomes U+FFFD. Free with
 * g_free(). */
char *ts_svg_escape(const char *text, glong max);

/* A text whose baseline begins at (x, y). `attributes` are XML's, such as text-anchor="end"; what
 * the format makes has to be escaped. */
void ts_svg_text(GString *out, double x, double y, const char *attributes, const char *format, ...)
    G_GNUC_PRINTF(5, 6);

/* A line of a class of the document's style. */
void ts_svg_line(GString *out, const char *class_name, double x1, double y1, double x2, double y2);

G_END_DECLS
