/* The fence around libjpeg: its errors as ours, without ever leaving through exit().
 *
 * Only files lib/image/jpeg*.c include this header, and with it jpeglib.h. Functions that call
 * setjmp() are kept small and own nothing: what they work on hangs on a struct whose free function
 * runs outside.
 */
#pragma once

#include "base/error.h"
#include "image/image.h"

#include <setjmp.h>
#include <stdio.h>

#include <jpeglib.h>

G_BEGIN_DECLS

typedef struct {
    struct jpeg_error_mgr base; /* first: libjpeg's `err` points here */
    jmp_buf out;                /* where a fatal error goes on */
    char text[JMSG_LENGTH_MAX]; /* the fatal error, or else the first warning */
} TsJpegErrors;

/* Prepare `errors`; assign the result to the `err` of a libjpeg struct before it is created. */
struct jpeg_error_mgr *ts_jpeg_errors_init(TsJpegErrors *errors);

G_END_DECLS
