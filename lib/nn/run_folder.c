/* The folder of a run: made ready, and run.json in it. */
#include "nn/run_private.h"

#include "base/error.h"
#include "base/outfile.h"
#include "base/threads.h"
#include "store/json.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>

/* Files of callbacks that were given names of the user's own are not known here. */
static gboolean
is_of_run(const char *name)
{
    static const char *const names[] = {
        "last.ckpt",   "model.safetensors", "swa.safetensors", "restored.safetensors",
        "history.csv", "history.jsonl",     "samples.tsv",     "spikes.tsv",
        "profile.tsv", "kernels.tsv",       "features",        NULL};
    return g_strv_contains(names, name) || g_str_has_prefix(name, "events.out.tfevents.") ||
           (g_str_has_prefix(name, "epoch-") && g_str_has_suffix(name, ".safetensors"));
}

/* What is left of an old run would be taken for the new one's: --resume would go on with the old
 * checkpoint, TensorBoard would show both as one. */
static gboolean
remove_old_run(const TsRun *run, GError **error)
{
    g_autoptr(GDir) dir = g_dir_open(run->options.folder, 0, error);
    const char *name;
    while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *path = g_build_filename(run->options.folder, name, NULL);
        gboolean old = is_of_run(name);
        if (old && g_unlink(path) != 0)
            return ts_error_set_errno(error, errno, "%s: cannot be replaced", path);
    }
    return dir != NULL;
}

gboolean
ts_run_prepare_folder(const TsRun *run, GError **error)
{
    gboolean there = g_file_test(run->checkpoint_path, G_FILE_TEST_EXISTS) ||
                     g_file_test(run->model_path, G_FILE_TEST_EXISTS);
    if (there && !run->options.resume && !run->options.replace)
        return ts_error_set(
            error, TS_ERROR_IO,
            "%s: holds a run already; --resume goes on with it, --force begins anew",
            run->options.folder);
    if (run->timed != NULL && g_file_test(run->timed_path, G_FILE_TEST_EXISTS) &&
        !run->options.resume && !run->options.replace)
        return ts_error_set(error, TS_ERROR_IO,
                            "%s: is there already; --resume uses it, --force times kernels anew",
                            run->timed_path);
    if (!ts_make_folder(run->options.folder, error))
        return FALSE;
    return run->options.resume || remove_old_run(run, error);
}

gboolean
ts_run_write_json(const TsRun *run, GError **error)
{
    g_autofree char *path = g_build_filename(run->options.folder, "run.json", NULL);
    g_autoptr(TsJson) json = ts_json_new();
    ts_json_set_string(json, "tessera_version", TS_VERSION);
    ts_json_set_string(json, "kernels", ts_dnnl_version());
    ts_json_set_int(json, "threads", ts_threads_get());
    ts_json_set_strings(json, "command", run->options.command);
    ts_json_set_string(json, "dataset", ts_manifest_name(run->manifest));
    ts_json_set_string(json, "dataset_sha256", run->fingerprint);
    ts_json_set_int(json, "train_samples", (gint64) ts_dataset_n(run->train_set));
    ts_json_set_int(json, "val_samples",
                    run->val_set != NULL ? (gint64) ts_dataset_n(run->val_set) : 0);
    ts_json_set_string(json, "architecture", run->model->architecture);
    ts_json_set_int(json, "parameters", ts_graph_n_parameters(run->model->graph));
    ts_json_set_int(json, "seed", (gint64) run->options.seed);
    return ts_json_write(json, path, TRUE, error);
}

char *
ts_run_command_markdown(const TsRun *run)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                "0123456789_-+=./:,@%";
    g_autoptr(GString) text = g_string_new("   ");
    for (const char *const *words = run->options.command; words != NULL && *words != NULL;
         words++) {
        g_autofree char *quoted = g_shell_quote(*words);
        gboolean is_plain = **words != '\0' && strspn(*words, plain) == strlen(*words);
        g_string_append_printf(text, " %s", is_plain ? *words : quoted);
    }
    return g_string_free(g_steal_pointer(&text), FALSE);
}
