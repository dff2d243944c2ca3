#!/usr/bin/env bash
# cppcheck over the library and the tools.
set -euo pipefail
cd "${1:?source folder}"

command -v cppcheck > /dev/null || {
    echo "no cppcheck here"
    exit 77
}
# It does not see that g_autofree frees, that GLib's arrays keep what they are given, and that a sum
# over one class or more is not 0.
exec cppcheck --quiet --std=c11 --enable=warning,portability --inline-suppr --error-exitcode=1 \
    --library=gtk --suppress=internalAstError --suppress=unknownMacro --suppress=memleak \
    --suppress=invalidFunctionArg -j 2 -I lib lib bin sample_data
