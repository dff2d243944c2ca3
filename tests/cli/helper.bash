# What every CLI test starts from: `load helper`.
#
# Each test runs in $scratch, a folder of its own that is removed afterwards, with the programs of
# the build first in PATH. It holds copies of the sample data: sheet.png (400 x 200, ten rows of 20
# digits, a class a row), shapes.tsv (file_name, label, group) and the pictures that it names,
# shapes/{disc,square,triangle}/*.png (24, 12 and 6 of 32 x 32, RGB).
#
#     run -2 --separate-stderr tile --size 0 sheet.png
#     [ -z "$output" ]
#     stderr_has "--size"

bats_require_minimum_version 1.5.0

source_root=${TESSERA_SOURCE:-$(cd "$BATS_TEST_DIRNAME/../.." && pwd)}
build_root=${TESSERA_BUILD:-$source_root/build}
export PATH="$build_root/bin:$PATH" LC_ALL=C.UTF-8 TZ=UTC
unset TESSERA_TEST_TMPFS
# The names of all tools; meson gives them, and without it they are what lies in the build's bin.
export TESSERA_TOOLS=${TESSERA_TOOLS:-$(find "$build_root/bin" -maxdepth 1 -type f -printf '%f ')}

# A test file that has a setup() of its own calls this in it.
scratch_setup() {
    scratch=$BATS_TEST_TMPDIR/scratch
    mkdir "$scratch"
    cp -r "$build_root/sample_data/"{sheet.png,shapes.tsv,shapes} "$scratch"
    cd "$scratch" || return 1
}

scratch_teardown() {
    cd / || return 1
    if [ -n "${TESSERA_TEST_TMPFS:-}" ]; then
        umount "$TESSERA_TEST_TMPFS"
    fi
}

setup() {
    scratch_setup
}

teardown() {
    scratch_teardown
}

# fail MESSAGE...: end the test.
fail() {
    echo "$*" >&2
    return 1
}

# output_has TEXT, stderr_has TEXT: the text stands in what `run` captured, to the letter.
output_has() {
    [[ $output == *"$1"* ]] || fail "stdout lacks '$1': $output"
}

# shellcheck disable=SC2154  # stderr is set by run --separate-stderr
stderr_has() {
    [[ $stderr == *"$1"* ]] || fail "stderr lacks '$1': $stderr"
}

# is_sanitized: the build under test has a sanitizer, which takes memory of its own.
is_sanitized() {
    grep -q '"b_sanitize", "value": "[^n]' <(meson introspect --buildoptions "$build_root")
}

# digits [TEST]: a manifest of the sheet's cells: ten classes, 160 rows to learn from, and 40 of the split
# TEST (default: val).
digits() {
    tile -s 20 --virtual sheet.png | awk -F'\t' -v OFS='\t' -v test="${1:-val}" '
        NR == 1 { print $0, "label", "split"; next }
        { print $0, int($3 / 20), ($2 % 100 == 0 ? test : "train") }'
}

# same A B: two files hold the same bytes.
same() {
    cmp "$1" "$2" || fail "$1 and $2 differ"
}

# no_leftovers FOLDER: no temporary file of an unfinished write lies there.
no_leftovers() {
    local left
    left=$(find "$1" -name '.*.??????')
    [ -z "$left" ] || fail "left over: $left"
}

# wait_until COMMAND...: until it succeeds, on a busy machine too; a minute at most.
wait_until() {
    local i
    for ((i = 0; i < 1200; i++)); do
        if "$@" > /dev/null 2>&1; then return; fi
        sleep 0.05
    done
    fail "a minute was not enough for: $*"
}

# end_with STATUS SIGNAL PID: send the signal to a process in the background; how it has to end.
end_with() {
    local status=0
    kill -s "$2" "$3"
    wait "$3" || status=$?
    [ "$status" -eq "$1" ] || fail "status $status instead of $1"
}

# small_tmpfs FOLDER SIZE (such as 64k): a file system that is soon full; it is unmounted at the
# end of the test. Skips the test where mounting is not allowed.
small_tmpfs() {
    mkdir -p "$1"
    mount -t tmpfs -o "size=$2" tmpfs "$1" 2>/dev/null || skip "cannot mount a tmpfs here"
    TESSERA_TEST_TMPFS=$(cd "$1" && pwd)
}
