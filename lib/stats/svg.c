/* Pieces of SVG documents. */
#include "stats/svg.h"

char *
ts_svg_escape(const char *text, glong max)
{
    GString *out = g_string_new(NULL);
    glong n = 0;
    for (const char *at = text; *at != '\0'; at = g_utf8_next_char(at), n++) {
        gunichar c = g_utf8_get_char(at);
        if (max > 0 && n == max - 1 && *g_utf8_next_char(at) != '\0') {
            g_string_append(out, "\342\200\246");
            break;
        }
        g_string_append_unichar(out, g_unichar_isprint(c) ? c : 0xfffd);
    }
    char *escaped = g_markup_escape_text(out->str, (gssize) out->len);
    g_string_free(out, TRUE);
    return escaped;
}

void
ts_svg_text(GString *out, double x, double y, const char *attributes, const char *format, ...)
{
    va_list args;
    g_string_append_printf(out, "<text x=\"%g\" y=\"%g\" %s>", x, y, attributes);
    va_start(args, format);
    g_string_append_vprintf(out, format, args);
    va_end(args);
    g_string_append(out, "</text>\n");
}

void
ts_svg_line(GString *out, const char *class, double x1, double y1, double x2, double y2)
{
    g_string_append_printf(out,
                           "<line class=\"%s\" x1=\"%.2f\" y1=\"%.2f\" x2=\"%.2f\" y2=\"%.2f\"/>\n",
                           class, x1, y1, x2, y2);
}
