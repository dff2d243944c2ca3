# The EXAMPLES of the man pages: each line that starts with "$" is run by bash, in order, in one
# scratch folder a page. mandoc renders the page first, so what runs is what people read.
load helper

# examples_of PAGE: its commands, one a line.
examples_of() {
    mandoc -T utf8 -O width=1000 "$1" | sed 's/.\x08//g' | sed -n 's/^ *\$ //p'
}

# run_examples PAGE: run all examples; each has to end with 0.
run_examples() {
    local command n=0
    while read -r command; do
        bash -c "set -o pipefail; $command" < /dev/null > output.txt 2> stderr.txt ||
            fail "${1##*/}: '$command' ends with $?: $(cat stderr.txt)" || return 1
        n=$((n + 1))
    done < <(examples_of "$1")
    [ "$n" -gt 0 ] || fail "${1##*/} has no example"
}

@test "the examples of every tool's man page run" {
    for tool in $TESSERA_TOOLS; do
        cp -r "$scratch" "$BATS_TEST_TMPDIR/$tool"
        cd "$BATS_TEST_TMPDIR/$tool"
        run_examples "$source_root/man/$tool.1"
    done
}

@test "an example that fails is noticed" {
    printf '.Dd November 22, 2026\n.Dt X 1\n.Os\n.Sh EXAMPLES\n.Dl $ true\n.Dl $ false | cat\n' > x.1
    run -1 run_examples x.1
    output_has "'false | cat' ends with 1"
}

# A literal block of the page that begins with "# NAME.arch" is that file.
@test "the examples of tessera-arch(5) run, with the networks that it shows" {
    awk '/^\.Ed/ { file = "" } file { print > file } /^# [a-z]+\.arch$/ { file = $2 }' \
        "$source_root/man/tessera-arch.5"
    run_examples "$source_root/man/tessera-arch.5"
    [ -s lines.arch ]
}
