#!/usr/bin/env bats
# classstats: counts of classes from manifests and folders, and what it says about bad ones.

load helper

@test "counts and shares of a manifest, as TSV in a pipe" {
    run -0 --separate-stderr classstats --show classes shapes.tsv
    [ "${lines[0]}" = $'class\tcount\tshare' ]
    [ "${lines[1]}" = $'disc\t24\t0.5714285714285714' ]
    [ "${lines[3]}" = $'triangle\t6\t0.14285714285714285' ]
    [ "${#lines[@]}" -eq 4 ]
    [ -z "$stderr" ]
}

@test "manifest, folder and standard input say the same" {
    classstats shapes.tsv >file
    classstats shapes >folder
    classstats <shapes.tsv >redirected
    cat shapes.tsv | classstats - >piped
    same file folder
    same file redirected
    same file piped
}

@test "a table has bars and fixed decimals" {
    run -0 classstats --format table shapes.tsv
    output_has "disc         24  0.5714  ################################"
    output_has "square       12  0.2857  ################"
}

@test "JSON holds every table" {
    awk -F'\t' -v OFS='\t' '{ print $0, NR == 1 ? "split" : NR % 2 ? "train" : "test" }' \
        shapes.tsv >split.tsv
    run -0 classstats --format json split.tsv
    echo "$output" | python3 -c '
import json, sys
report = json.load(sys.stdin)
assert list(report) == ["classes", "splits", "summary"], report.keys()
assert sum(row["train"] + row["test"] for row in report["splits"]) == 42
assert [row["split"] for row in report["summary"]] == ["all", "test", "train"]
assert report["summary"][0]["ratio"] == 4
'
}

@test "weights come from the training rows" {
    printf 'label\tsplit\na\ttrain\na\ttrain\na\ttrain\nb\ttrain\nb\ttest\nb\ttest\n' >m.tsv
    run -0 --separate-stderr classstats --show classes --weights balanced,sqrt m.tsv
    [ "${lines[0]}" = $'class\tcount\tshare\tbalanced\tsqrt' ]
    [[ ${lines[1]} == $'a\t3\t0.5\t0.66666666666666'* ]]
    [[ ${lines[2]} == $'b\t3\t0.5\t2\t1.26'* ]]
}

@test "unlabelled rows and rows without a split are counted" {
    printf 'label\tsplit\na\ttrain\n\\N\ttrain\nb\t\\N\n' >m.tsv
    run -0 --separate-stderr classstats --show summary m.tsv
    [[ ${lines[1]} == $'all\t2\t1\t2\t'* ]]
    [[ ${lines[2]} == $'train\t1\t1\t2\t1\t'* ]]
    [[ ${lines[3]} == $'(none)\t1\t0\t2\t1\t'* ]]
}

@test "classes.txt lets a class be empty" {
    printf 'disc\nhexagon\nsquare\ntriangle\n' >shapes/classes.txt
    run -0 --separate-stderr classstats --show classes --weights inverse shapes
    [[ ${lines[2]} == $'hexagon\t0\t0\t0' ]]
}

@test "another column of classes" {
    run -0 --separate-stderr classstats --label group --show summary shapes.tsv
    [[ ${lines[1]} == $'all\t42\t0\t'* ]]
}

@test "labels with spaces, tabs and emoji" {
    printf 'label\nbig cat\nbig cat\na\\tb\n\360\237\220\210\n' >m.tsv
    run -0 --separate-stderr classstats --show classes m.tsv
    [[ ${lines[1]} == $'a\\tb\t1\t0.25' ]]
    [[ ${lines[2]} == $'big cat\t2\t0.5' ]]
    [[ ${lines[3]} == $'\360\237\220\210\t1\t0.25' ]]
}

# bad NAME STATUS MESSAGE ARGUMENT...: what fails prints nothing on standard output.
bad() {
    local status_expected=$1 message=$2
    shift 2
    run -"$status_expected" --separate-stderr classstats "$@"
    [ -z "$output" ] || fail "printed on stdout: $output"
    stderr_has "$message"
}

@test "bad options end with 2" {
    bad 2 "--show: 'class' is not classes, splits or summary" --show class shapes.tsv
    bad 2 "--show: names no table" --show '' shapes.tsv
    bad 2 "--weights: unknown weights 'foo'" --weights foo shapes.tsv
    bad 2 "effnum: B is 1, 0 <= B < 1 was expected" --weights effnum:1 shapes.tsv
    bad 2 "too many arguments" shapes.tsv shapes.tsv
}

@test "bad manifests are named with their line" {
    printf 'file_name\tlabel\na\tx\nb\n' >fields.tsv
    printf 'file_name\tlabel\na\tx\0y\n' >nul.tsv
    printf 'file_name\tlabel\r\na\tx\r\n' >crlf.tsv
    printf 'file_name\tlabel\na\tx\nb\t\n' >empty-label.tsv
    printf 'a.png\tcat\nb.png\tdog\n' >headless.tsv
    : >empty.tsv
    bad 1 "fields.tsv:3: 1 field, the header has 2" fields.tsv
    bad 1 "nul.tsv:2: NUL byte" nul.tsv
    bad 1 "crlf.tsv:1: carriage return" crlf.tsv
    bad 1 "empty-label.tsv:3: empty label" empty-label.tsv
    bad 1 "headless.tsv:1: 'a.png' is no column name" headless.tsv
    bad 1 "empty.tsv:1: empty, a header line" empty.tsv
    bad 1 "absent.tsv: cannot be read: No such file" absent.tsv
    bad 1 "shapes.tsv:1: no column 'class', the header has: file_name, label" \
        --label class shapes.tsv
    bad 1 "shapes.tsv:1: no column 'fold'" --split fold shapes.tsv
    bad 1 "sheet.png: looks like a picture" sheet.png
}

@test "bad folders are named with what was expected" {
    mkdir empty
    bad 1 "empty: neither manifest.tsv, nor class folders, nor pictures" empty
    mkdir shapes/hexagon
    bad 1 "shapes/hexagon: class folder without a picture" shapes
    rmdir shapes/hexagon
    bad 1 "shapes/disc: no 'label': the folder has no class folders" shapes/disc
}

@test "a table without tabs is named as such" {
    sed 's/\t/,/g' shapes.tsv > commas.tsv
    bad 1 "a tab was expected between columns" commas.tsv
}

@test "a full disk is an error" {
    run -1 bash -c 'classstats shapes.tsv >/dev/full'
    output_has "standard output: cannot be written"
}
