/* Conventions of co-occurrence features; inside of lib/image/texture. Each is a file that turns the
 * sums over a matrix into features. */
#pragma once

#include "image/texture/cooccurrence.h"

G_BEGIN_DECLS

enum { TS_GLCM_MAX_FEATURES = 32 };

typedef struct {
    const char *prefix;       /* of columns */
    gboolean symmetric;       /* pairs always count both ways */
    gboolean chessboard;      /* two pixels away on the diagonal is (2, 2), not (1, 1) */
    const char *const *names; /* NULL-terminated */
    const char *usual;        /* those given without --properties, with commas between */
    /* Compute all features; there is at least one pair. */
    void (*derive)(const TsCooccurrence *matrix, double *values);
} TsGlcmRules;

extern const TsGlcmRules ts_glcm_skimage;
extern const TsGlcmRules ts_glcm_mahotas;
extern const TsGlcmRules ts_glcm_ibsi;

G_END_DECLS
