/* Foreign layouts read as manifests. Pictures are made empty: reading a layout does not open them.
 */
#include "manifest-text.h"
#include "scratch.h"
#include "unit.h"

#include "base/error.h"
#include "layout/layout.h"
#include "manifest/classes.h"
#include "store/idx.h"
#include "store/tar.h"

static void
assert_reads(const char *dataset, const char *folder, const char *expected)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(TsManifest) m = ts_layout_read(dataset, &error);
    ck_assert_msg(m != NULL, "%s", error != NULL ? error->message : "no message");
    g_autofree char *text = manifest_text(m);
    ck_assert_str_eq(text, expected);
    ck_assert_str_eq(ts_manifest_folder(m), folder);
    ck_assert(g_str_has_prefix(ts_manifest_name(m), dataset));
}

static void
assert_refused(const char *dataset, const char *part)
{
    g_autoptr(GError) error = NULL;
    ck_assert_ptr_null(ts_layout_read(dataset, &error));
    ck_assert_msg(strstr(error->message, part) != NULL, "%s", error->message);
}

START_TEST(metadata_of_hugging_face_is_read)
{
    scratch_write("d/metadata.csv", "file_name,label,note\na.png,cat,\"x\ty\"\nin/b.png,,\n");
    assert_reads("d", "d", "file_name\tlabel\tnote\na.png\tcat\tx\\ty\nin/b.png\t\\N\t\\N");
    assert_reads("d/metadata.csv", "d",
                 "file_name\tlabel\tnote\na.png\tcat\tx\\ty\nin/b.png\t\\N\t\\N");
    scratch_write("d/metadata.jsonl", "{\"file_name\": \"a.png\"}\n");
    assert_refused("d", "d: has metadata.csv and metadata.jsonl");
    scratch_write("e/train/metadata.jsonl", "{\"file_name\": \"1.png\", \"label\": 3}\n");
    scratch_write("e/validation/metadata.jsonl", "{\"file_name\": \"2.png\", \"z\": true}\n");
    assert_reads("e", "e",
                 "file_name\tsplit\tlabel\tz\n"
                 "train/1.png\ttrain\t3\t\\N\nvalidation/2.png\tval\t\\N\ttrue");
}
END_TEST

START_TEST(names_without_extension_are_joined_with_the_pictures)
{
    MAKE_FILES("k/train/1.jpg", "k/train/2.jpg", "k/test/1.jpg", "k/test/3.jpg");
    scratch_write("k/train.csv", "id,label\n1,cat\n2,dog\ntest/3,dog\n3.jpg,cat\n");
    assert_reads("k/train.csv", "k",
                 "file_name\tlabel\ntrain/1.jpg\tcat\ntrain/2.jpg\tdog\ntest/3.jpg\tdog\n"
                 "test/3.jpg\tcat");
    scratch_write("k/rows.csv", "id,label\n1,cat\n");
    assert_refused("k/rows.csv", "k/rows.csv:2: '1' is the name of more than one picture below k");
    scratch_write("k/rows.csv", "Image_ID,age,Target\ntrain/1.jpg,3,x\n");
    assert_reads("k/rows.csv", "k", "file_name\tage\tlabel\ntrain/1.jpg\t3\tx");
    scratch_write("k/rows.csv", "who,what\n2,x\n4,y\n");
    assert_refused("k/rows.csv", "k/rows.csv:3: '4' is the name of no picture below k");
    scratch_write("k/rows.csv", "a,b,c\n1,2,3\n");
    assert_refused("k/rows.csv", "k/rows.csv:1: no column names the pictures");
}
END_TEST

START_TEST(columns_that_only_look_like_a_recipe_are_renamed)
{
    scratch_write("d/metadata.csv", "file_name,width,height,length\na.png,5,6,7\n");
    assert_reads("d", "d", "file_name\tmeta_width\tmeta_height\tmeta_length\na.png\t5\t6\t7");
    scratch_write("d/metadata.csv", "file_name,x,y,width,height\na.png,1,2,5,6\n");
    assert_reads("d", "d", "file_name\tx\ty\twidth\theight\na.png\t1\t2\t5\t6");
}
END_TEST

#define COCO                                                                                       \
    "{\"images\": [{\"id\": 1, \"file_name\": \"a.jpg\"}], \"categories\": [{\"id\": 5, \"name\":" \
    "\"cat\"}], \"annotations\": [{\"image_id\": 1, \"category_id\": 5, \"bbox\": [1, 2, 3, 4]}]}"
#define COCO_COLUMNS "file_name\tx\ty\twidth\theight\tlabel\tgroup\n"

START_TEST(coco_files_find_their_pictures)
{
    scratch_write("d/_annotations.coco.json", COCO);
    MAKE_FILES("d/a.jpg");
    assert_refused("d/a.jpg", "looks like a picture");
    g_autoptr(TsManifest) m = ts_layout_read("d", NULL);
    g_autofree char *text = manifest_text(m);
    ck_assert_str_eq(text, COCO_COLUMNS "a.jpg\t1\t2\t3\t4\tcat\ta.jpg");
    scratch_write("c/annotations/instances_train2017.json", COCO);
    MAKE_FILES("c/train2017/a.jpg");
    assert_reads("c/annotations/instances_train2017.json", "c/annotations",
                 COCO_COLUMNS "../train2017/a.jpg\t1\t2\t3\t4\tcat\ta.jpg");
}
END_TEST

static void
write_idx(const char *path, guint rank, const guint32 *shape, const guint8 *data, gsize n)
{
    guint8 header[TS_IDX_MAX_HEADER];
    g_autoptr(GByteArray) file = g_byte_array_new();
    g_byte_array_append(file, header, (guint) ts_idx_header(rank, shape, header));
    g_byte_array_append(file, data, (guint) n);
    g_autofree char *folder = g_path_get_dirname(path);
    ck_assert_int_eq(g_mkdir_with_parents(folder, 0777), 0);
    ck_assert(g_file_set_contents(path, (const char *) file->data, file->len, NULL));
}

START_TEST(idx_pairs_are_rows_of_bytes)
{
    static const guint8 bytes[12] = {0};
    write_idx("m/train-images-idx3-ubyte", 3, (guint32[]){2, 3, 2}, bytes, 12);
    write_idx("m/train-labels-idx1-ubyte", 1, (guint32[]){2}, (const guint8[]){7, 11}, 2);
    write_idx("m/t10k-images-idx3-ubyte", 4, (guint32[]){1, 2, 2, 3}, bytes, 12);
    assert_reads("m/train-labels-idx1-ubyte", "m",
                 "file_name\toffset\tlength\traw\tlabel\tsplit\n"
                 "train-images-idx3-ubyte\t16\t6\t2x3x1:u8\t07\ttrain\n"
                 "train-images-idx3-ubyte\t22\t6\t2x3x1:u8\t11\ttrain");
    ck_assert(g_spawn_command_line_sync("gzip -k m/t10k-images-idx3-ubyte "
                                        "m/train-labels-idx1-ubyte",
                                        NULL, NULL, NULL, NULL));
    g_unlink("m/train-labels-idx1-ubyte");
    assert_reads("m", "m",
                 "file_name\toffset\tlength\traw\tlabel\tsplit\n"
                 "t10k-images-idx3-ubyte\t20\t12\t2x2x3:u8\t\\N\ttest\n"
                 "train-images-idx3-ubyte\t16\t6\t2x3x1:u8\t07\ttrain\n"
                 "train-images-idx3-ubyte\t22\t6\t2x3x1:u8\t11\ttrain");
    scratch_write("m/classes.txt", "a\nb\n");
    assert_refused("m", "image 0 has label 7, classes.txt beside it has 2 names");
}
END_TEST

START_TEST(idx_files_that_lie_are_named)
{
    static const guint8 bytes[12] = {0};
    write_idx("a-images-idx3-ubyte", 3, (guint32[]){3, 3, 2}, bytes, 12);
    assert_refused("a-images-idx3-ubyte", "has 12 bytes of data, its header says 18");
    write_idx("a-images-idx3-ubyte", 4, (guint32[]){G_MAXUINT32, 65536, 65536, 65536}, bytes, 12);
    assert_refused("a-images-idx3-ubyte", "sizes in its header cannot be");
    write_idx("a-images-idx3-ubyte", 3, (guint32[]){3, 0, 2}, bytes, 0);
    assert_refused("a-images-idx3-ubyte", "sizes in its header cannot be");
    write_idx("a-images-idx3-ubyte", 3, (guint32[]){2, 3, 2}, bytes, 12);
    write_idx("a-labels-idx1-ubyte", 1, (guint32[]){3}, bytes, 3);
    assert_refused("a-images-idx3-ubyte", "a-labels-idx1-ubyte: has 3 labels");
    scratch_write("b-idx3-ubyte", "PK");
    assert_refused("b-idx3-ubyte", "is not an IDX file");
    scratch_write("b-idx3-ubyte", "\x1f\x8b\x08");
    assert_refused("b-idx3-ubyte", "b-idx3-ubyte: is damaged gzip data");
}
END_TEST

static void
write_tar(const char *path, const char *const *members)
{
    g_autofree char *folder = g_path_get_dirname(path);
    ck_assert_int_eq(g_mkdir_with_parents(folder, 0777), 0);
    g_autoptr(TsTarWriter) tar = ts_tar_writer_new(path, TRUE, NULL);
    for (; members[0] != NULL; members += 2)
        ck_assert(ts_tar_writer_add(tar, members[0], members[1], strlen(members[1]), NULL, NULL));
    ck_assert(ts_tar_writer_commit(tar, NULL));
}

#define WRITE_TAR(path, ...) write_tar(path, (const char *const[]){__VA_ARGS__, NULL})

START_TEST(shards_are_rows_of_bytes)
{
    WRITE_TAR("w/train-000000.tar", "a/1.b.jpg", "x", "a/1.jpg", "xx", "a/1.cls", " 3\n", "2.jpg",
              "yyy", "2.mask.png", "z", "2.json", "{\"label\": \"cat\", \"width\": 9}", "2.cls",
              "1", ".hidden", "", "README", "");
    WRITE_TAR("w/train-000001.tar", "3.txt", "a caption", "3.png", "");
    static const char rows[] = "file_name\toffset\tlength\tlabel\tid\tsplit\tmeta_width\ttext\n"
                               "train-000000.tar\t1536\t2\t3\ta/1\ttrain\t\\N\t\\N\n"
                               "train-000000.tar\t3584\t3\tcat\t2\ttrain\t9\t\\N\n"
                               "train-000001.tar\t1536\t0\t\\N\t3\ttrain\t\\N\ta caption";
    assert_reads("w", "w", rows);
    assert_reads("w/train-{000000..000001}.tar", "w", rows);
    assert_reads("w/{train,train}-00000[01].tar", "w",
                 "file_name\toffset\tlength\tlabel\tid\tsplit\tmeta_width\ttext\n"
                 "train-000000.tar\t1536\t2\t3\ta/1\ttrain\t\\N\t\\N\n"
                 "train-000000.tar\t3584\t3\tcat\t2\ttrain\t9\t\\N\n"
                 "train-000001.tar\t1536\t0\t\\N\t3\ttrain\t\\N\ta caption\n"
                 "train-000000.tar\t1536\t2\t3\ta/1\ttrain\t\\N\t\\N\n"
                 "train-000000.tar\t3584\t3\tcat\t2\ttrain\t9\t\\N\n"
                 "train-000001.tar\t1536\t0\t\\N\t3\ttrain\t\\N\ta caption");
    assert_refused("w/train-{000000..000002}.tar", "w/train-000002.tar: there is no such file");
    assert_refused("w/train-{1..0}.tar", "the range {1..0} is empty");
}
END_TEST

START_TEST(shards_without_pictures_are_refused)
{
    WRITE_TAR("a.tar", "1.cls", "1");
    assert_refused("a.tar", "a.tar: 1: the sample has no picture");
    WRITE_TAR("a.tar", "1.jpg", "", "1.json", "[]");
    assert_refused("a.tar", "a.tar: 1.json: is no JSON object");
    WRITE_TAR("a.tar", "1.jpg", "", "1.cls", "\xff");
    assert_refused("a.tar", "a.tar: 1.cls: is not UTF-8");
    write_tar("a.tar", (const char *const[]){NULL});
    assert_refused("a.tar", "a.tar: has no member that is part of a sample");
    scratch_write("a.tar", "hello");
    assert_refused("a.tar", "too short for a tar file");
}
END_TEST

START_TEST(what_manifest_reads_is_read_as_before)
{
    MAKE_FILES("y/train/cat/1.jpg", "y/val/cat/2.jpg");
    assert_reads("y", "y",
                 "file_name\tlabel\tsplit\ntrain/cat/1.jpg\tcat\ttrain\n"
                 "val/cat/2.jpg\tcat\tval");
    scratch_write("m.tsv", "file_name\na\n");
    assert_reads("m.tsv", ".", "file_name\na");
    assert_refused("absent.csv", "absent.csv: cannot be read");
    assert_refused("absent.tar", "absent.tar: cannot be read");
    scratch_write("a.parquet", "PAR1");
    assert_refused("a.parquet", "looks like a Parquet table");
}
END_TEST

START_TEST(rows_without_lines_are_named_by_their_picture)
{
    g_autoptr(GError) error = NULL;
    WRITE_TAR("w/x.tar", "1.jpg", "", "1.cls", "");
    g_autoptr(TsManifest) m = ts_layout_read("w/x.tar", NULL);
    ck_assert_ptr_null(ts_classes_new(m, "label", &error));
    ck_assert_msg(g_str_has_prefix(error->message, "w/x.tar@512: empty label"), "%s",
                  error->message);
    g_clear_error(&error);
    ck_assert_ptr_null(ts_classes_new(m, "colour", &error));
    ck_assert_str_eq(error->message, "w/x.tar: no column 'colour', there are: file_name, offset, "
                                     "length, label, id");
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("layout");
    TCase *tcase = tcase_create("layout");
    tcase_add_checked_fixture(tcase, scratch_enter, scratch_leave);
    tcase_add_test(tcase, metadata_of_hugging_face_is_read);
    tcase_add_test(tcase, names_without_extension_are_joined_with_the_pictures);
    tcase_add_test(tcase, columns_that_only_look_like_a_recipe_are_renamed);
    tcase_add_test(tcase, coco_files_find_their_pictures);
    tcase_add_test(tcase, idx_pairs_are_rows_of_bytes);
    tcase_add_test(tcase, idx_files_that_lie_are_named);
    tcase_add_test(tcase, shards_are_rows_of_bytes);
    tcase_add_test(tcase, shards_without_pictures_are_refused);
    tcase_add_test(tcase, what_manifest_reads_is_read_as_before);
    tcase_add_test(tcase, rows_without_lines_are_named_by_their_picture);
    suite_add_tcase(suite, tcase);
    return unit_run(suite);
}
