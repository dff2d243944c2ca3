/* A callback that the user wrote in C, in a shared object of its own. */
#include "nn/callbacks/callbacks.h"

#include "base/error.h"

#include <dlfcn.h>
#include <string.h>

/* A path without a slash is meant as a file here, not as a library of the system. */
static void *
open_object(const char *file, GError **error)
{
    g_autofree char *path =
        strchr(file, '/') != NULL ? g_strdup(file) : g_strconcat("./", file, NULL);
    void *object = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (object == NULL)
        ts_error_set(error, TS_ERROR_IO, "callback plugin: %s", dlerror());
    return object;
}

static TsCallback *
make(void *object, const char *file, const char *arguments, GError **error)
{
    const int *abi = dlsym(object, "tessera_callback_abi");
    void *symbol = dlsym(object, "tessera_callback_new");
    if (abi == NULL || symbol == NULL) {
        ts_error_set(error, TS_ERROR_FORMAT, "callback plugin: %s does not export %s", file,
                     abi == NULL ? "tessera_callback_abi" : "tessera_callback_new");
        return NULL;
    }
    if (*abi != TS_CALLBACK_ABI) {
        ts_error_set(error, TS_ERROR_FORMAT,
                     "callback plugin: %s was compiled for callbacks of version %d, this tessera "
                     "has %d: compile it again",
                     file, *abi, TS_CALLBACK_ABI);
        return NULL;
    }
    TsCallbackNew function;
    memcpy(&function, &symbol, sizeof function);
    TsCallback *callback = function(arguments, error);
    if (callback != NULL && (callback->name == NULL || callback->free == NULL)) {
        ts_error_set(error, TS_ERROR_FORMAT,
                     "callback plugin: %s makes a callback without a name or free()", file);
        return NULL;
    }
    if (callback == NULL && error != NULL && *error == NULL)
        ts_error_set(error, TS_ERROR_FORMAT, "callback plugin: %s makes no callback", file);
    return callback;
}

/* The object stays loaded: its functions are called until the process ends. */
TsCallback *
ts_plugin_parse(const char *text, GError **error)
{
    const char *colon = strchr(text, ':');
    g_autofree char *file =
        colon != NULL ? g_strndup(text, (gsize) (colon - text)) : g_strdup(text);
    void *object = open_object(file, error);
    return object != NULL ? make(object, file, colon != NULL ? colon + 1 : "", error) : NULL;
}
