/* Folders of pictures as manifests, and the classes that come out of them. */
#include "base/error.h"
#include "manifest-text.h"
#include "manifest/classes.h"
#include "scratch.h"
#include "unit.h"

/* Files are made empty: a scan does not open them. */
static void
assert_scan(const char *folder, const char *expected)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(TsManifest) m = ts_manifest_read(folder, &error);
    ck_assert_msg(m != NULL, "%s", error != NULL ? error->message : "no message");
    g_autofree char *text = manifest_text(m);
    ck_assert_str_eq(text, expected);
    ck_assert_str_eq(ts_manifest_folder(m), folder);
}

static void
assert_refused(const char *folder, const char *beginning)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(TsManifest) m = ts_manifest_read(folder, &error);
    g_autoptr(TsClasses) classes = m != NULL ? ts_classes_new(m, "label", &error) : NULL;
    ck_assert_ptr_null(classes);
    ck_assert(g_error_matches(error, TS_ERROR, TS_ERROR_FORMAT));
    ck_assert_msg(g_str_has_prefix(error->message, beginning), "%s", error->message);
}

START_TEST(class_folders_become_labels_in_byte_order)
{
    MAKE_FILES("d/dog/2.jpg", "d/cat/deep/er/1.PNG", "d/cat/1.png", "d/cat/notes.txt",
               "d/cat/.hidden.png", "d/.git/x.png", "d/README.md", "d/cat-2/1.webp",
               "d/dog/t\tab\n.tiff");
    assert_scan("d", "file_name\tlabel\n"
                     "cat-2/1.webp\tcat-2\n"
                     "cat/1.png\tcat\n"
                     "cat/deep/er/1.PNG\tcat\n"
                     "dog/2.jpg\tdog\n"
                     "dog/t\\tab\\n.tiff\tdog");
}
END_TEST

START_TEST(split_folders_become_a_column)
{
    MAKE_FILES("d/train/cat/1.png", "d/train/dog/1.png", "d/valid/cat/2.png", "d/test/u.png");
    assert_scan("d", "file_name\tlabel\tsplit\n"
                     "test/u.png\t\\N\ttest\n"
                     "train/cat/1.png\tcat\ttrain\n"
                     "train/dog/1.png\tdog\ttrain\n"
                     "valid/cat/2.png\tcat\tval");
}
END_TEST

START_TEST(a_class_may_be_called_like_a_split)
{
    MAKE_FILES("d/train/1.png", "d/bus/1.png");
    assert_scan("d", "file_name\tlabel\nbus/1.png\tbus\ntrain/1.png\ttrain");
}
END_TEST

START_TEST(pictures_alone_are_unlabelled)
{
    MAKE_FILES("d/b.png", "d/a.jpeg");
    assert_scan("d", "file_name\na.jpeg\nb.png");
}
END_TEST

START_TEST(links_are_followed)
{
    MAKE_FILES("real/1.png", "d/cat/2.png");
    ck_assert_int_eq(symlink("../real", "d/dog"), 0);
    ck_assert_int_eq(symlink("nowhere.png", "d/cat/gone.png"), 0);
    assert_scan("d", "file_name\tlabel\ncat/2.png\tcat\ncat/gone.png\tcat\ndog/1.png\tdog");
}
END_TEST

START_TEST(folders_that_are_no_datasets_are_refused)
{
    ck_assert_int_eq(g_mkdir("empty", 0777), 0);
    MAKE_FILES("no_pictures/notes.txt", "hollow/cat/1.png", "hollow/dog/notes.txt",
               "mixed/cat/1.png", "mixed/2.png", "latin/cat/\xE9.png", "loop/cat/1.png",
               "bare/train/notes.txt");
    ck_assert_int_eq(symlink(".", "loop/cat/again"), 0);
    assert_refused("empty", "empty: neither manifest.tsv, nor class folders, nor pictures");
    assert_refused("no_pictures", "no_pictures: neither manifest.tsv");
    assert_refused("hollow", "hollow/dog: class folder without a picture");
    assert_refused("mixed", "mixed/2.png: picture beside folders");
    assert_refused("latin", "latin/cat/");
    assert_refused("loop", "loop/cat/again: link that leads back");
    assert_refused("bare", "bare/train: empty, class folders with pictures");
}
END_TEST

START_TEST(classes_txt_fixes_order_and_allows_empty_classes)
{
    MAKE_FILES("d/cat/1.png", "d/dog/1.png", "d/dog/2.png", "d/emu/notes.txt");
    scratch_write("d/classes.txt", "dog\nemu\ncat\n");
    g_autoptr(TsManifest) m = ts_manifest_read("d", NULL);
    ck_assert_ptr_nonnull(m);
    g_autoptr(TsClasses) classes = ts_classes_new(m, "label", NULL);
    ck_assert_uint_eq(classes->n, 3);
    ck_assert_str_eq(classes->names[1], "emu");
    ck_assert_uint_eq(classes->counts[0], 2);
    ck_assert_uint_eq(classes->counts[1], 0);
    ck_assert_int_eq(classes->of_row[0], 2);
    scratch_write("d/classes.txt", "dog\nemu\n");
    assert_refused("d", "d/cat/1.png: label 'cat' is not among the classes: dog, emu");
    scratch_write("d/classes.txt", "dog\ndog\n");
    assert_refused("d", "d/classes.txt:2: class 'dog' is there twice");
    scratch_write("d/classes.txt", "dog\n\ncat\n");
    assert_refused("d", "d/classes.txt:2: empty");
}
END_TEST

START_TEST(classes_txt_counts_beside_manifest_tsv_too)
{
    scratch_write("d/manifest.tsv", "file_name\tlabel\na.png\tcat\n");
    scratch_write("d/other.tsv", "file_name\tlabel\na.png\tcat\n");
    scratch_write("d/classes.txt", "zebra\ncat");
    g_autoptr(TsManifest) m = ts_manifest_read("d", NULL);
    g_autoptr(TsClasses) classes = ts_classes_new(m, "label", NULL);
    ck_assert_uint_eq(classes->n, 2);
    g_autoptr(TsManifest) other = ts_manifest_read("d/other.tsv", NULL);
    g_autoptr(TsClasses) one = ts_classes_new(other, "label", NULL);
    ck_assert_uint_eq(one->n, 1);
}
END_TEST

START_TEST(classes_are_numbered_in_byte_order_whatever_the_rows)
{
    const char *text = "label\nb\n\\N\na\\tc\n\xC3\xA9\nB\nb\n";
    g_autoptr(TsManifest) m = ts_manifest_parse(g_strdup(text), strlen(text), "m", ".", NULL);
    g_autoptr(TsClasses) classes = ts_classes_new(m, "label", NULL);
    const char *const names[] = {"B", "a\tc", "b", "\xC3\xA9"};
    const gint32 of_row[] = {2, -1, 1, 3, 0, 2};
    ck_assert_uint_eq(classes->n, 4);
    ck_assert_uint_eq(classes->n_unlabelled, 1);
    for (int i = 0; i < 4; i++)
        ck_assert_str_eq(classes->names[i], names[i]);
    for (int i = 0; i < 6; i++)
        ck_assert_int_eq(classes->of_row[i], of_row[i]);
    ck_assert_uint_eq(classes->counts[2], 2);
    ck_assert_int_eq(ts_classes_find(classes, "a\tc"), 1);
    ck_assert_int_eq(ts_classes_find(classes, "a"), -1);
}
END_TEST

START_TEST(an_empty_label_is_refused)
{
    const char *text = "file_name\tlabel\na\tx\nb\t\n";
    g_autoptr(TsManifest) m = ts_manifest_parse(g_strdup(text), strlen(text), "m", ".", NULL);
    g_autoptr(GError) error = NULL;
    ck_assert_ptr_null(ts_classes_new(m, "label", &error));
    ck_assert_str_eq(error->message, "m:3: empty label, \\N means that there is none");
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("manifest-folder");
    TCase *folders = tcase_create("folders");
    tcase_add_checked_fixture(folders, scratch_enter, scratch_leave);
    tcase_add_test(folders, class_folders_become_labels_in_byte_order);
    tcase_add_test(folders, split_folders_become_a_column);
    tcase_add_test(folders, a_class_may_be_called_like_a_split);
    tcase_add_test(folders, pictures_alone_are_unlabelled);
    tcase_add_test(folders, links_are_followed);
    tcase_add_test(folders, folders_that_are_no_datasets_are_refused);
    tcase_add_test(folders, classes_txt_fixes_order_and_allows_empty_classes);
    tcase_add_test(folders, classes_txt_counts_beside_manifest_tsv_too);
    suite_add_tcase(suite, folders);
    TCase *labels = tcase_create("labels");
    tcase_add_test(labels, classes_are_numbered_in_byte_order_whatever_the_rows);
    tcase_add_test(labels, an_empty_label_is_refused);
    suite_add_tcase(suite, labels);
    return unit_run(suite);
}
