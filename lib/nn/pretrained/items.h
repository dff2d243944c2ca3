/* Making a loading report: for the files of this room. */
#pragma once

#include "nn/pretrained/pretrained.h"

G_BEGIN_DECLS

TsLoadReport *ts_load_report_new(const TsWeightFile *file, const char *architecture);

/* Add a row about a parameter (or NULL), a tensor (or NULL) or both; `cause` is not copied. */
void ts_load_report_add_item(TsLoadReport *self, TsLoadStatus status, const TsParamSpec *spec,
                             const TsTensor *tensor, const char *cause);

/* TRUE if nothing is missing, unused, of another shape or damaged; TS_ERROR_FORMAT. */
gboolean ts_load_report_check(const TsLoadReport *self, GError **error);

G_END_DECLS
