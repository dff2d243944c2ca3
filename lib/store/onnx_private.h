/* What the files of ONNX share: the memory that a parsed one lives in. */
#pragma once

#include "store/onnx.h"
#include "store/onnx.pb-c.h"

G_BEGIN_DECLS

typedef struct {
    char *name;   /* of the file, for messages */
    char *folder; /* of external data; NULL: refused */
    Onnx__Model *model;
    ProtobufCAllocator allocator;
    gsize room;        /* bytes that the messages may still take */
    GPtrArray *blocks; /* g_free() */
    GPtrArray *files;  /* GBytes of external data */
} TsOnnxMemory;

/* What ONNX calls a type of numbers, and back. FALSE if there is no such type on the other side. */
gboolean ts_onnx_dtype_read(int type, TsDtype *dtype);
int ts_onnx_dtype_write(TsDtype dtype);

/* The numbers of `message`, every size checked; `tensor` borrows from `memory`. */
gboolean ts_onnx_tensor_read(TsOnnxMemory *memory, const Onnx__Tensor *message, TsTensor *tensor,
                             GError **error);

G_END_DECLS
