#!/usr/bin/env bash
# Every shell script and every bats file, by shellcheck.
set -euo pipefail
cd "${1:?source folder}"

mapfile -t scripts < <(grep -rlE '^#!.*\b(bash|sh)$' .ci pipelines sample_data tests \
    --exclude-dir=cache --exclude-dir=__pycache__)
[ "${#scripts[@]}" -gt 0 ]
shellcheck -x "${scripts[@]}" pipelines/packages.sh
# In bats, `run` sets output and stderr, and each test is a subshell; a pipe from cat, `ls | grep` over
# our own names and programs in single quotes are meant.
shellcheck -s bats -e SC2030,SC2031,SC2154,SC2002,SC2010,SC2016,SC2034 tests/cli/helper.bash tests/cli/*.bats
