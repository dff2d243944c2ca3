/* Numbers as text: C locale, checked, shortest form that reads back the same. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Longest text of ts_format_double(), its NUL included. */
#define TS_NUMBER_MAX 32

/* Read all of `text` as a whole number within [min, max]. `what` begins the message, which quotes
 * `text`. TS_ERROR_ARGUMENT on failure: the text is an option or part of one. */
gboolean ts_parse_int(const char *text, gint64 min, gint64 max, const char *what, gint64 *value,
                      GError **error);

/* Read all of `text` as a finite number within [min, max]. */
gboolean ts_parse_double(const char *text, double min, double max, const char *what, double *value,
                         GError **error);

/* Read "WxH" or "N" (N x N), both at least 1. */
gboolean ts_parse_size(const char *text, const char *what, int *width, int *height, GError **error);

/* Read an amount of memory of at least 1 byte, such as 4096, 512M or 1.5G: K, M, G and T are powers
 * of 1024. */
gboolean ts_parse_bytes(const char *text, const char *what, guint64 *n_bytes, GError **error);

/* Write the shortest decimal form that reads back to the same double (or float) into `buffer` of
 * TS_NUMBER_MAX bytes; returns `buffer`. */
char *ts_format_double(char *buffer, double value);
char *ts_format_float(char *buffer, float value);

G_END_DECLS
