"""sources.py finds what it is there to find, and leaves comments and strings alone."""

import unittest

import sources


def found(check, name, text):
    return [message for _, message in check(name, text)]


class Denied(unittest.TestCase):
    def test_denied_functions_and_goto_are_found(self):
        self.assertEqual(len(found(sources.denied, "bin/a.c", "strcpy(a, b);\ngoto end;\n")), 2)

    def test_names_that_contain_one_are_not(self):
        text = "my_strcpy(a); ops->system(b); g_strtod(c); snprintf(d); vsnprintf(e);"
        self.assertEqual(found(sources.denied, "bin/a.c", text), [])

    def test_comments_and_strings_are_not_code(self):
        text = '/* goto hell, strcpy(x) */ // rand()\nputs("system(y) \\" gets(z)");\n'
        self.assertEqual(found(sources.denied, "bin/a.c", text), [])

    def test_only_the_library_has_to_be_silent(self):
        self.assertEqual(len(found(sources.denied, "lib/nn/a.c", "printf(x);")), 1)
        self.assertEqual(found(sources.denied, "bin/a.c", "printf(x);"), [])
        self.assertEqual(found(sources.denied, "lib/nn/a.c", "fprintf(file, x);"), [])

    def test_the_line_is_named(self):
        text = "/* two\n lines */\natoi(x);"
        self.assertEqual(next(iter(sources.denied("bin/a.c", text)))[0], 3)


class Includes(unittest.TestCase):
    def test_a_header_outside_of_its_fence_is_found(self):
        text = "#include <vips/vips.h>\n"
        self.assertEqual(len(found(sources.fences, "bin/tile.c", text)), 1)
        self.assertEqual(len(found(sources.fences, "lib/image/decode.c", text)), 1)
        self.assertEqual(found(sources.fences, "lib/image/vips/load.c", text), [])

    def test_onednn_has_a_fence(self):
        text = "#include <oneapi/dnnl/dnnl.h>\n"
        self.assertEqual(len(found(sources.fences, "lib/nn/graph.c", text)), 1)
        self.assertEqual(found(sources.fences, "lib/nn/dnnl.c", text), [])
        self.assertEqual(found(sources.fences, "lib/nn/dnnl_v3.c", text), [])

    def test_a_lower_room_may_not_include_a_higher_one(self):
        text = '#include "nn/graph.h"\n'
        self.assertEqual(len(found(sources.rooms, "lib/sample/loader.c", text)), 1)
        self.assertEqual(found(sources.rooms, "lib/nn/compile.c", text), [])
        self.assertEqual(found(sources.rooms, "bin/train.c", text), [])

    def test_what_the_tools_include_is_public(self):
        text = '#include "image/private.h"\n#include <glib.h>\n'
        sources.PUBLIC.add("lib/image/image.h")
        self.assertEqual(len(found(sources.public, "bin/tile.c", text)), 1)
        self.assertEqual(len(found(sources.public, "lib/image/image.h", text)), 1)
        self.assertEqual(found(sources.public, "lib/image/image.c", text), [])


if __name__ == "__main__":
    unittest.main()
