#!/usr/bin/env bats
# evaluate: metrics of predictions, conditions on them, and what it says about bad ones.

load helper

# The matrix of p.tsv, by hand; all rows but the last two are of split test:
#        cat dog    recall
#   cat   3   1      3/4
#   dog   2   2      1/2
setup() {
    scratch_setup
    {
        printf 'file_name\tlabel\tpred\tscore\tsplit\n'
        printf '%s\tcat\tcat\t0.9\ttest\n' a b
        printf '%s\tcat\tdog\t0.6\ttest\n' c
        printf '%s\tdog\tcat\t0.7\ttest\n' d e
        printf '%s\tdog\tdog\t0.8\ttest\n' f
        printf '%s\tdog\tdog\t0.8\ttrain\n' g
        printf '%s\tcat\tcat\t0.8\ttrain\n' h
    } >p.tsv
}

@test "metrics of a manifest, as metric and value in a pipe" {
    run -0 --separate-stderr evaluate p.tsv
    [ "${lines[0]}" = $'metric\tvalue' ]
    [ "${lines[1]}" = $'rows\t8' ]
    [ "${lines[2]}" = $'unlabelled\t0' ]
    [ "${lines[3]}" = $'accuracy\t0.625' ]
    [ "${lines[4]}" = $'balanced_accuracy\t0.625' ]
    [ "${lines[5]}" = $'macro_precision\t0.6333333333333333' ]
    [ "${lines[6]}" = $'macro_recall\t0.625' ]
    [ "${lines[7]}" = $'macro_f1\t0.6190476190476191' ]
    [ "${#lines[@]}" -eq 11 ]
    [ -z "$stderr" ]
}

@test "a table has metrics and classes" {
    run -0 --separate-stderr evaluate --format table p.tsv
    output_has "balanced_accuracy   0.6250"
    output_has "cat          4          5     0.6000  0.7500  0.6667"
}

@test "the confusion matrix" {
    run -0 --separate-stderr evaluate --show confusion p.tsv
    [ "$output" = $'truth/predicted\tcat\tdog\ncat\t3\t1\ndog\t2\t2' ]
    run -0 --separate-stderr evaluate --metrics accuracy --confusion p.tsv
    [ "$output" = $'metric\tvalue\naccuracy\t0.625\n\ntruth/predicted\tcat\tdog\ncat\t3\t1\ndog\t2\t2' ]
}

@test "JSON holds every table" {
    run -0 evaluate --format json --confusion p.tsv
    echo "$output" | python3 -c '
import json, sys
report = json.load(sys.stdin)
assert list(report) == ["metrics", "classes", "confusion"], report.keys()
assert report["metrics"]["rows"] == 8
assert report["classes"][1] == {"class": "dog", "support": 4, "predicted": 3,
                                "precision": 2 / 3, "recall": 0.5, "f1": 4 / 7}
assert report["confusion"][1]["cat"] == 2
'
}

@test "chosen metrics, also of one class" {
    run -0 --separate-stderr evaluate --metrics recall:dog,support:dog,accuracy p.tsv
    [ "$output" = $'metric\tvalue\nrecall:dog\t0.5\nsupport:dog\t4\naccuracy\t0.625' ]
}

@test "rows of one split" {
    run -0 --separate-stderr evaluate --split test --metrics accuracy,recall:dog p.tsv
    [ "$output" = $'metric\tvalue\naccuracy\t0.5\nrecall:dog\t0.3333333333333333' ]
}

@test "file, standard input and shuffled rows say the same" {
    evaluate --confusion p.tsv >file
    evaluate --confusion <p.tsv >redirected
    cat p.tsv | evaluate --confusion - >piped
    { head -n 1 p.tsv && tail -n +2 p.tsv | sort -r; } | evaluate --confusion >sorted
    same file redirected
    same file piped
    same file sorted
}

@test "other columns" {
    run -0 --separate-stderr evaluate --label pred --pred label --metrics recall:cat p.tsv
    [ "${lines[1]}" = $'recall:cat\t0.6' ]
}

@test "rows without a label are left out, counted and reported" {
    printf 'x\t\\N\tcat\t0.5\ttest\n' >>p.tsv
    run -0 --separate-stderr evaluate p.tsv
    [ "${lines[1]}" = $'rows\t8' ]
    [ "${lines[2]}" = $'unlabelled\t1' ]
    [ "${lines[3]}" = $'accuracy\t0.625' ]
    stderr_has "p.tsv: 1 of 9 rows have no label and are left out"
}

@test "a class that is only predicted counts as wrong" {
    printf 'x\tcat\tape\t0.5\ttest\n' >>p.tsv
    run -0 --separate-stderr evaluate --metrics balanced_accuracy,macro_recall,predicted:ape p.tsv
    [ "$output" = $'metric\tvalue\nbalanced_accuracy\t0.55\nmacro_recall\t0.3666666666666667\npredicted:ape\t1' ]
}

@test "classes.txt gives the order, and an empty class" {
    mkdir d
    cp p.tsv d/manifest.tsv
    printf 'dog\neel\ncat\n' >d/classes.txt
    run -0 --separate-stderr evaluate --show confusion d
    [ "${lines[0]}" = $'truth/predicted\tdog\teel\tcat' ]
    run -0 --separate-stderr evaluate --metrics macro_recall d
    [ "${lines[1]}" = $'macro_recall\t0.625' ]
}

@test "--fail-if: the report stands, the message names the condition, the status is 1" {
    run -1 --separate-stderr evaluate --metrics accuracy --fail-if 'accuracy<0.7' p.tsv
    [ "${lines[1]}" = $'accuracy\t0.625' ]
    [ "$stderr" = "evaluate: accuracy is 0.625: --fail-if 'accuracy<0.7' holds" ]
    run -0 --separate-stderr evaluate --fail-if 'accuracy<0.625' --fail-if 'recall:cat < 0.7' p.tsv
    [ -z "$stderr" ]
    run -1 --separate-stderr evaluate -q --fail-if 'accuracy<0.1' --fail-if 'recall:dog<=0.5' p.tsv
    stderr_has "recall:dog is 0.5"
}

# bad STATUS MESSAGE ARGUMENT...: what fails prints nothing on standard output.
bad() {
    local status_expected=$1 message=$2
    shift 2
    run -"$status_expected" --separate-stderr evaluate "$@"
    [ -z "$output" ] || fail "printed on stdout: $output"
    stderr_has "$message"
}

@test "bad options end with 2" {
    bad 2 "--metrics: 'acc' is no metric; there are accuracy, balanced_accuracy" --metrics acc p.tsv
    bad 2 "--metrics: there is no class 'ape'" --metrics recall:ape p.tsv
    bad 2 "--metrics: add metrics to the tables of --show" --metrics accuracy --show classes p.tsv
    bad 2 "--show: 'matrix' is not metrics, classes or confusion" --show matrix p.tsv
    bad 2 "--fail-if: 'accuracy=1' is not a condition such as" --fail-if accuracy=1 p.tsv
    bad 2 "--fail-if: 'accuracy<x': 'x' is not a number" --fail-if 'accuracy<x' p.tsv
    bad 2 "--fail-if: 'top1' is no metric" --fail-if 'top1<0.5' p.tsv
    bad 2 "--fail-if: there is no class 'ape'" --fail-if 'recall:ape<0.5' p.tsv
    bad 2 "too many arguments" p.tsv p.tsv
}

@test "bad manifests are named" {
    bad 1 "absent.tsv: cannot be read: No such file" absent.tsv
    bad 1 "shapes.tsv:1: no column 'pred'" shapes.tsv
    bad 1 "p.tsv:1: no column 'truth'" --label truth p.tsv
    bad 1 "p.tsv: no row is of split 'val'" --split val p.tsv
    cut -f 1-3 p.tsv >unsplit.tsv
    bad 1 "unsplit.tsv:1: no column 'split'" --split test unsplit.tsv
    printf 'label\tpred\ncat\tcat\ndog\t\\N\n' >unpredicted.tsv
    bad 1 "unpredicted.tsv:3: has a label and no prediction" unpredicted.tsv
    printf 'label\tpred\n\\N\tcat\n' >unlabelled.tsv
    bad 1 "unlabelled.tsv: no row has a label to compare with" unlabelled.tsv
    printf 'label\tpred\n' >empty.tsv
    bad 1 "empty.tsv: no row has a label to compare with" empty.tsv
    printf 'label\tpred\ncat\n' >fields.tsv
    bad 1 "fields.tsv:2: 1 field, the header has 2" fields.tsv
}

@test "a full disk is an error" {
    run -1 bash -c 'evaluate p.tsv >/dev/full'
    output_has "standard output: cannot be written"
}
