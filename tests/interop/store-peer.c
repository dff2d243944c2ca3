/* Reads and writes tessera's file formats for the Python side of the interop tests.
 *
 *     store-peer dump FILE                 weights or .npy: "name dtype shape f32 f32 ..." a line
 *     store-peer copy-safetensors IN OUT   read and write again; copy-npy likewise
 *     store-peer write-events FOLDER STEP...   a point of "sine" and of "runs/a b" for each step; a
 *                                          "-N" is a restart from step N; prints the file's path
 *     store-peer dump-events FILE          "step tag value" a line
 *     store-peer halves                    each 4096th bit pattern of f32 as f16, then as bfloat16
 */
#include "base/error.h"
#include "base/number.h"
#include "store/half.h"
#include "store/npy.h"
#include "store/safetensors.h"
#include "store/tfevents.h"
#include "store/weight_file.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static gboolean
dump_tensor(const TsTensor *tensor, GError **error)
{
    gsize n = ts_tensor_n(tensor);
    g_autofree float *numbers = ts_try_alloc(n, sizeof *numbers, "numbers", error);
    if (numbers == NULL || !ts_tensor_to_f32(tensor, numbers, error))
        return FALSE;
    printf("%s\t%s\t", tensor->name != NULL ? tensor->name : "", ts_dtype_name(tensor->dtype));
    for (guint i = 0; i < tensor->rank; i++)
        printf(i == 0 ? "%" G_GINT64_FORMAT : ",%" G_GINT64_FORMAT, tensor->shape[i]);
    for (gsize i = 0; i < n; i++) {
        char text[TS_NUMBER_MAX];
        printf("\t%s", ts_format_float(text, numbers[i]));
    }
    putchar('\n');
    return TRUE;
}

static gboolean
dump_npy(const char *path, GError **error)
{
    g_autoptr(TsNpy) file = ts_npy_read(path, error);
    return file != NULL && dump_tensor(ts_npy_get(file), error);
}

static gboolean
dump_weights(const char *path, GError **error)
{
    g_autoptr(TsWeightFile) file = ts_weight_file_read(path, error);
    for (guint i = 0; file != NULL && i < ts_weight_file_n(file); i++)
        if (!dump_tensor(ts_weight_file_get(file, i), error))
            return FALSE;
    return file != NULL;
}

static gboolean
dump(char **args, GError **error)
{
    return g_str_has_suffix(args[0], ".npy") ? dump_npy(args[0], error)
                                             : dump_weights(args[0], error);
}

static gboolean
check_weights(char **args, GError **error)
{
    for (; *args != NULL; args++) {
        g_autoptr(GError) wrong = NULL;
        g_autoptr(TsWeightFile) file = ts_weight_file_read(*args, &wrong);
        puts(file != NULL ? "good" : wrong->message);
    }
    return TRUE;
}

static gboolean
copy_safetensors(char **args, GError **error)
{
    g_autoptr(TsSafetensors) file = ts_safetensors_read(args[0], error);
    if (file == NULL)
        return FALSE;
    const char *format = ts_safetensors_metadata(file, "format");
    const char *metadata[] = {"format", format, NULL};
    return ts_safetensors_write(args[1], format != NULL ? metadata : NULL,
                                ts_safetensors_n(file) > 0 ? ts_safetensors_get(file, 0) : NULL,
                                ts_safetensors_n(file), FALSE, error);
}

static gboolean
copy_npy(char **args, GError **error)
{
    g_autoptr(TsNpy) file = ts_npy_read(args[0], error);
    return file != NULL && ts_npy_write(args[1], ts_npy_get(file), FALSE, error);
}

static gboolean
write_events(char **args, GError **error)
{
    g_autoptr(TsEventWriter) log = ts_event_writer_new(args[0], error);
    if (log == NULL)
        return FALSE;
    for (char **arg = args + 1; *arg != NULL; arg++) {
        gint64 step;
        if (!ts_parse_int(*arg, G_MININT32, G_MAXINT32, "step", &step, error))
            return FALSE;
        if (step < 0 && !ts_event_writer_add_restart(log, -step, error))
            return FALSE;
        if (step < 0)
            continue;
        if (!ts_event_writer_add_scalar(log, "sine", step, sinf((float) step), error) ||
            !ts_event_writer_add_scalar(log, "runs/a b", step, (float) step / 3, error))
            return FALSE;
    }
    puts(ts_event_writer_path(log));
    return ts_event_writer_close(log, error);
}

static gboolean
dump_events(char **args, GError **error)
{
    g_autoptr(TsEventReader) log = ts_event_reader_new(args[0], error);
    g_autoptr(GError) reason = NULL;
    const TsEvent *event;
    while (log != NULL && (event = ts_event_reader_next(log, &reason)) != NULL) {
        for (gsize i = 0; i < event->n_scalars; i++) {
            char text[TS_NUMBER_MAX];
            printf("%" G_GINT64_FORMAT "\t%s\t%s\n", event->step, event->scalars[i].tag,
                   ts_format_float(text, event->scalars[i].value));
        }
    }
    if (reason != NULL)
        g_propagate_error(error, g_steal_pointer(&reason));
    return log != NULL && *error == NULL;
}

static gboolean
write_halves(char **args, GError **error)
{
    guint16 (*const convert[])(float) = {ts_f32_to_f16, ts_f32_to_bf16};
    for (gsize i = 0; i < G_N_ELEMENTS(convert); i++) {
        for (guint32 upper = 0; upper < 1 << 20; upper++) {
            guint32 bits = upper << 12;
            float value;
            memcpy(&value, &bits, sizeof value);
            guint16 half = convert[i](value);
            fwrite(&half, sizeof half, 1, stdout);
        }
    }
    return TRUE;
}

int
main(int argc, char **argv)
{
    static const struct {
        const char *name;
        int n_args;
        gboolean (*run)(char **args, GError **error);
    } commands[] = {
        {"dump", 1, dump},
        {"check-weights", 1, check_weights},
        {"copy-safetensors", 2, copy_safetensors},
        {"copy-npy", 2, copy_npy},
        {"write-events", 1, write_events},
        {"dump-events", 1, dump_events},
        {"halves", 0, write_halves},
    };
    for (gsize i = 0; argc > 1 && i < G_N_ELEMENTS(commands); i++) {
        GError *error = NULL;
        if (strcmp(argv[1], commands[i].name) != 0 || argc < 2 + commands[i].n_args)
            continue;
        if (commands[i].run(argv + 2, &error))
            return 0;
        fprintf(stderr, "store-peer: %s\n", error->message);
        return 1;
    }
    fprintf(stderr, "store-peer: wrong usage\n");
    return 2;
}
