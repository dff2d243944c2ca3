/* A folder of its own for every test that touches files: the working folder while the test runs,
 * removed after it. Use scratch_enter and scratch_leave as a checked fixture. */
#pragma once

#include <check.h>
#include <ftw.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static char *scratch_folder;

static inline void
scratch_enter(void)
{
    scratch_folder = g_dir_make_tmp("tessera-test-XXXXXX", NULL);
    ck_assert_ptr_nonnull(scratch_folder);
    ck_assert_int_eq(chdir(scratch_folder), 0);
}

static inline int
scratch_remove_one(const char *path, const struct stat *status, int type, struct FTW *ftw)
{
    return remove(path);
}

static inline void
scratch_leave(void)
{
    ck_assert_int_eq(chdir("/"), 0);
    ck_assert_int_eq(nftw(scratch_folder, scratch_remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
    g_clear_pointer(&scratch_folder, g_free);
}

/* Write `text` to `path`, whose folders are made. */
static inline void
scratch_write(const char *path, const char *text)
{
    g_autofree char *folder = g_path_get_dirname(path);
    ck_assert_int_eq(g_mkdir_with_parents(folder, 0777), 0);
    ck_assert(g_file_set_contents(path, text, -1, NULL));
}

/* The text of `path`. Free with g_free(). */
static inline char *
scratch_read(const char *path)
{
    char *text = NULL;
    ck_assert_msg(g_file_get_contents(path, &text, NULL, NULL), "%s is not there", path);
    return text;
}

/* Empty files at `paths` (NULL-terminated), whose folders are made. */
static inline void
scratch_touch(const char *const *paths)
{
    for (; *paths != NULL; paths++)
        scratch_write(*paths, "");
}

#define MAKE_FILES(...) scratch_touch((const char *const[]){__VA_ARGS__, NULL})
