#!/usr/bin/env bash
# Every man page is valid mdoc, has the sections that readers look for, and is installed.
set -euo pipefail
cd "${1:?source folder}"

status=0
for page in man/*.[1-8]; do
    mandoc -T lint -W warning "$page" || status=1
    grep -q "'${page##*/}'" man/meson.build || {
        echo "$page is not in man/meson.build"
        status=1
    }
    sections=(NAME DESCRIPTION "SEE ALSO")
    [[ $page != *.1 ]] || sections+=(SYNOPSIS "EXIT STATUS" EXAMPLES)
    for section in "${sections[@]}"; do
        grep -q "^\.Sh $section\$" "$page" || {
            echo "$page has no section $section"
            status=1
        }
    done
done
exit "$status"
