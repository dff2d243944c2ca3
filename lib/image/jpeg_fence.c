/* What libjpeg does on an error: jump out of it with the text kept. Warnings are kept as well and
 * counted by libjpeg; nothing is printed. */
#include "image/jpeg_fence.h"

enum { MOST_WARNINGS = 100 }; /* libvips 8.14's number */

static void
leave(j_common_ptr jpeg)
{
    TsJpegErrors *self = (TsJpegErrors *) jpeg->err;
    self->base.format_message(jpeg, self->text);
    longjmp(self->out, 1);
}

/* level -1 is a warning: the data are damaged; others are traces. Some damage is passed over, as
 * libvips does, but a file that is nothing else is given up. */
static void
note(j_common_ptr jpeg, int level)
{
    TsJpegErrors *self = (TsJpegErrors *) jpeg->err;
    if (level >= 0)
        return;
    if (self->base.num_warnings++ == 0)
        self->base.format_message(jpeg, self->text);
    if (self->base.num_warnings >= MOST_WARNINGS)
        leave(jpeg);
}

static void
stay_silent(j_common_ptr jpeg)
{
}

struct jpeg_error_mgr *
ts_jpeg_errors_init(TsJpegErrors *self)
{
    jpeg_std_error(&self->base);
    self->base.error_exit = leave;
    self->base.emit_message = note;
    self->base.output_message = stay_silent;
    self->text[0] = '\0';
    return &self->base;
}
