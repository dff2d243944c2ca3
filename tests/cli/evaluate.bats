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
        printf '%s\tdog\tdog\t0.8\tval\n' g
        printf '%s\tcat\tcat\t0.8\tval\n' h
    } >p.tsv
}

@test "rows of split train are warned of, unless they were asked for" {
    printf 'label\tpred\tsplit\ncat\tcat\ttrain\ndog\tcat\ttest\ncat\tcat\ttrain\n' >learned.tsv
    run -0 --separate-stderr evaluate learned.tsv
    stderr_has "warning: learned.tsv: 2 of 3 rows are of split 'train', and a model that learned from them"
    for split in train test; do
        run -0 --separate-stderr evaluate --split $split learned.tsv
        [ -z "$stderr" ] || fail "$stderr"
    done
}

@test "metrics of a manifest, as metric and value in a pipe" {
    run -0 --separate-stderr evaluate p.tsv
    [ "${lines[0]}" = $'metric\tvalue' ]
    [ "${lines[1]}" = $'rows\t8' ]
    [ "${lines[2]}" = $'unlabelled\t0' ]
    [ "${lines[3]}" = $'accuracy\t0.625' ]
    [ "${lines[4]}" = $'balanced_accuracy\t0.625' ]
    [[ "${lines[5]}" = $'gmean\t0.6123724356957'* ]]
    [ "${lines[6]}" = $'kappa\t0.25' ]
    [ "${lines[8]}" = $'macro_precision\t0.6333333333333333' ]
    [ "${lines[9]}" = $'macro_recall\t0.625' ]
    [ "${lines[10]}" = $'macro_f1\t0.6190476190476191' ]
    [ "${lines[14]%%$'\t'*}" = ece ] # of the column score
    [ "${#lines[@]}" -eq 16 ]
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
row = report["classes"][1]
assert {"class": "dog", "support": 4, "predicted": 3, "precision": 2 / 3, "recall": 0.5,
        "f1": 4 / 7, "specificity": 0.75}.items() <= row.items(), row
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
    bad 2 "--metrics: 'accurac' is no metric (nearest: accuracy); there are accuracy, balanced_accuracy" \
        --metrics accurac p.tsv
    bad 2 "--metrics: there is no class 'ape'" --metrics recall:ape p.tsv
    bad 2 "'log_loss' needs probabilities, columns p_CLASS" --metrics log_loss p.tsv
    bad 2 "'exact_match' is no metric" --metrics exact_match p.tsv
    bad 2 "--normalize: 'rows' is not true, pred or all" --normalize rows p.tsv
    bad 2 "no confusion matrix" --multi-label --confusion p.tsv
    bad 2 "--confidence needs --bootstrap" --confidence 0.9 p.tsv
    bad 2 "--confidence: 1 is not between 0 and 1" --bootstrap 9 --confidence 1 p.tsv
    bad 2 "--group needs --bootstrap N or --against" --group split p.tsv
    bad 2 "--permutations needs --against" --permutations 9 p.tsv
    bad 2 "--permutations: -2 is not 0 to" --permutations -2 --against p.tsv p.tsv
    bad 2 "--bootstrap: -1 is not 0 to" --bootstrap -1 p.tsv
    bad 2 "draw by group or by class, not both" --bootstrap 9 --group score --stratify p.tsv
    bad 2 "--show intervals: needs --bootstrap" --show intervals p.tsv
    bad 2 "--show slices: needs --by" --show slices p.tsv
    bad 2 "--thresholds: 'f2' is no rule (nearest: f1)" --thresholds f2 p.tsv
    bad 2 "threshold f1 has no option" --thresholds f1:at=2 p.tsv
    bad 2 "--thresholds needs probabilities" --thresholds f1 p.tsv
    bad 2 "--fit-temperature needs probabilities" --fit-temperature p.tsv
    bad 2 "--temperature" --temperature 0 p.tsv
    bad 2 "--tau needs --logit-adjust" --tau 1 p.tsv
    bad 2 "--bins: 0 is not 1 to 10000" --bins 0 p.tsv
    bad 2 "--plot: 'rok' is no picture (nearest: roc)" --plot rok:x.svg p.tsv
    bad 2 "--plot: to which file? such as roc:roc.svg" --plot roc p.tsv
    bad 2 "--plot: roc needs probabilities" --plot roc:x.svg p.tsv
    bad 2 "--model: not with --weight" -m x --weight w p.tsv
    bad 2 "there is no class 'ape'" --positive ape p.tsv
    bad 2 "--positive: with --multi-label" --positive cat --multi-label p.tsv
    bad 2 "--metrics: add metrics to the tables of --show" --metrics accuracy --show classes p.tsv
    bad 2 "--show: 'matrix' is none of metrics, classes, confusion, intervals" --show matrix p.tsv
    bad 2 "--fail-if: 'accuracy=1' is not a condition such as" --fail-if accuracy=1 p.tsv
    bad 2 "--fail-if: 'accuracy<x': 'x' is not a number" --fail-if 'accuracy<x' p.tsv
    bad 2 "--fail-if: 'top0' is no metric" --fail-if 'top0<0.5' p.tsv
    bad 2 "--fail-if: there is no class 'ape'" --fail-if 'recall:ape<0.5' p.tsv
    bad 2 "too many arguments" p.tsv p.tsv
}

@test "bad manifests are named" {
    bad 1 "absent.tsv: cannot be read: No such file" absent.tsv
    bad 1 "shapes.tsv:1: no column 'pred'" shapes.tsv
    bad 1 "p.tsv:1: no column 'truth'" --label truth p.tsv
    bad 1 "p.tsv: no row is of split 'gap'; there are: test, val" --split gap p.tsv
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

# table NAME ROW...: label, pred, p_cat and p_dog of each row.
table() {
    local name=$1
    shift
    printf 'label\tpred\tp_cat\tp_dog\n' >"$name"
    printf '%s\n' "$@" | tr ' ' '\t' >>"$name"
}

@test "bad probabilities are named" {
    table nan.tsv 'cat cat 0.9 0.1' 'cat dog nan 0.6'
    bad 1 "nan.tsv:3: p_cat 'nan' is not a probability, 0 to 1" nan.tsv
    table null.tsv 'cat cat 0.9 \N'
    bad 1 "null.tsv:2: p_dog '\N' is not a probability, 0 to 1" null.tsv
    table large.tsv 'cat cat 1.5 0'
    bad 1 "large.tsv:2: p_cat '1.5' is not a probability, 0 to 1" large.tsv
    table class.tsv 'cat cat 0.9 0.1' 'eel dog 0.2 0.8'
    bad 1 "class.tsv: there is 'eel' in column 'label', and no column p_eel" class.tsv
    table answer.tsv 'cat cat 0.9 0.1' 'cat dgo 0.2 0.8'
    bad 1 "in column 'pred', and no column p_dgo (nearest: dog)" answer.tsv
    table weight.tsv "cat cat 0.9 -0.1"
    cut -f 1,2,4 weight.tsv | sed "1s,p_dog,w," >w.tsv
    bad 1 "w.tsv:2: w '-0.1' is not a weight, 0 or more" --weight w w.tsv
}

@test "probabilities that do not sum to 1 are used, and said" {
    table p.tsv 'cat cat 0.9 0.3' 'dog dog 0.4 0.6' 'dog cat 0.75 0.25'
    run -0 --separate-stderr evaluate --metrics brier,top1,auroc p.tsv
    stderr_has "p.tsv: the probabilities of 1 of 3 rows do not sum to 1"
    [ "${lines[2]%%.*}" = $'top1\t0' ]
    [ "${lines[3]}" = $'auroc\t0.5' ]
}

@test "without pred the most probable class is predicted" {
    table p.tsv 'cat cat 0.9 0.1' 'dog cat 0.5 0.5' 'dog dog 0.25 0.75'
    cut -f 1,3,4 p.tsv >q.tsv
    same <(evaluate p.tsv) <(evaluate q.tsv)
}

@test "columns that only look like probabilities are somebody else's" {
    awk -F'\t' -v OFS='\t' '{ print $0, (NR > 1 ? "high" : "p_value") }' p.tsv >q.tsv
    same <(evaluate p.tsv) <(evaluate q.tsv)
}

@test "a single class, and metrics that have no value" {
    table one.tsv 'cat cat 0.9 0.1' 'cat cat 0.8 0.2'
    run -0 --separate-stderr evaluate --metrics accuracy,auroc,kappa,mcc one.tsv
    [ "$output" = $'metric\tvalue\naccuracy\t1\nauroc\t\\N\nkappa\t\\N\nmcc\t0' ]
    run -1 --separate-stderr evaluate --fail-if 'auroc<0.1' one.tsv
    [ "$stderr" = "evaluate: auroc is not defined here: --fail-if 'auroc<0.1'" ]
}

@test "slices, worst first, with intervals" {
    run -0 --separate-stderr evaluate --show slices --by split --metrics accuracy p.tsv
    [ "$output" = $'split\trows\taccuracy\ntest\t6\t0.5\nval\t2\t1' ]
    run -0 --separate-stderr evaluate --show slices --by split --metrics brier,accuracy --bootstrap 50 \
        <(awk -F'\t' -v OFS='\t' '{ print $0, NR == 1 ? "p_cat\tp_dog" : $4 "\t" 1 - $4 }' p.tsv)
    [ "${lines[0]}" = $'split\trows\tbrier\tbrier_low\tbrier_high\taccuracy\taccuracy_low\taccuracy_high' ]
    [[ "${lines[2]}" = $'test\t6\t'* ]] # the lower Brier score is the better one
}

@test "mistakes cost what a table says" {
    printf 'truth\tdog\tcat\tape\ndog\t0\t4\t9\ncat\t1\t0\t9\nape\t9\t9\t9\n' >cost.tsv
    run -0 --separate-stderr evaluate --cost cost.tsv --metrics cost p.tsv
    [ "$output" = $'metric\tvalue\ncost\t1.125' ] # (1 * 1 + 2 * 4) / 8
    run -1 evaluate --cost cost.tsv --fail-if 'cost>1' p.tsv
    bad 2 "'cost' needs a table of costs" --metrics cost p.tsv
    sed '/^cat/d' cost.tsv >c.tsv
    bad 1 "--cost: c.tsv: no row begins with the class 'cat'" --cost c.tsv p.tsv
    sed 's/4/x/' cost.tsv >c.tsv
    bad 1 "--cost: c.tsv:2: cat 'x' is not a cost" --cost c.tsv p.tsv
    cut -f 1,2 cost.tsv >c.tsv
    bad 1 "c.tsv:1: no column 'cat'" --cost c.tsv p.tsv
}

@test "mistakes are measured in a tree of classes" {
    printf '%s\n' animal/pet/cat animal/pet/dog animal/eel thing/car >tree.txt
    printf 'label\tpred\n' >t.tsv
    printf '%s\t%s\n' cat cat cat dog dog eel dog car eel animal >>t.tsv
    # LCA heights 0 1 2 3 2, common nodes 3 2 1 0 1, depths of the truth 3 3 3 3 2, predicted 3 3 2 2 1.
    run -0 --separate-stderr evaluate --tree tree.txt --show metrics \
        --metrics lca_height,mistake_height,tree_distance,tree_precision,tree_recall,tree_f1 t.tsv
    [ "${lines[1]}" = $'lca_height\t1.6' ]
    [ "${lines[2]}" = $'mistake_height\t2' ]
    [ "${lines[3]}" = $'tree_distance\t2.2' ] # 0 + 2 + 3 + 5 + 1
    [[ "${lines[4]}" = $'tree_precision\t0.636363636363636'* ]]
    [ "${lines[5]}" = $'tree_recall\t0.5' ]
    [ "$(printf '%.9f' "${lines[6]#*$'\t'}")" = 0.560000000 ] # tree_f1
    # The same by paths as names; the tree is then that of the classes that are there.
    sed '2,$ s|cat|animal/pet/cat|g; 2,$ s|dog|animal/pet/dog|g; 2,$ s|eel|animal/eel|g; s|car|thing/car|' t.tsv >l.tsv
    same <(evaluate --tree tree.txt t.tsv | grep tree_) <(evaluate --tree labels l.tsv | grep tree_)
    evaluate --format json --tree tree.txt t.tsv | python3 -c 'import json, sys
assert json.load(sys.stdin)["metrics"]["lca_height"] == 1.6'
    run -1 evaluate --tree tree.txt --fail-if 'mistake_height>1.9' t.tsv
    run -1 evaluate --tree tree.txt --fail-if 'mistake_height>9' <(sed 3,6d t.tsv) # no mistake: no value
    bad 2 "'tree_f1' needs a tree of classes" --metrics tree_f1 t.tsv
    bad 2 "--tree: not with --multi-label" --tree tree.txt --multi-label t.tsv
    bad 1 "--tree: none.txt: there is no such file" --tree none.txt t.tsv
    sed '/eel/d' tree.txt >u.txt
    bad 1 "--tree: u.txt: the class 'eel' is not in the tree" --tree u.txt t.tsv
    echo fish/eel >>tree.txt
    bad 1 "--tree: tree.txt: several nodes are called 'eel'" --tree tree.txt t.tsv
    echo 'a//b' >u.txt
    bad 1 "--tree: u.txt: 'a//b' has an empty part" --tree u.txt t.tsv
    awk 'BEGIN { for (i = 0; i < 1001; i++) printf "a/"; print "b" }' >u.txt
    bad 1 "a path has more than 1000 parts" --tree u.txt t.tsv
}

@test "sets of labels" {
    printf 'label\tpred\ncat;dog\tcat\n\t\ndog\tdog;eel\n\\N\tdog\n' >sets.tsv
    run -0 --separate-stderr evaluate --multi-label --metrics exact_match,micro_f1,recall[dog] sets.tsv
    stderr_has "1 of 4 rows have no label"
    [ "${lines[1]}" = $'exact_match\t0.3333333333333333' ]
    [ "${lines[2]}" = $'micro_f1\t0.6666666666666666' ]
    [ "${lines[3]}" = $'recall[dog]\t0.5' ]
}

@test "groups are drawn whole" {
    # All rows of a group are right or wrong together: an accuracy between is drawn from groups only.
    awk 'BEGIN { print "label\tpred\tg"; for (i = 0; i < 60; i++)
        print "a\t" (int(i / 20) % 2 ? "a" : "b") "\t" int(i / 20) }' >g.tsv
    width() { evaluate --show intervals --metrics accuracy --bootstrap 400 "$@" g.tsv |
        awk 'NR == 2 { print ($4 - $3 > 0.5) }'; }
    [ "$(width)" = 0 ]
    [ "$(width --group g)" = 1 ]
}

@test "two models: rows are paired by id, in any order" {
    printf 'id\tlabel\tpred\n' | tee a.tsv >b.tsv
    for i in 1 2 3 4 5 6 7 8; do printf 'r%d\tx\tx\n' $i; done >>a.tsv
    for i in 8 7 6 5 4 3; do printf 'r%d\tx\ty\n' $i; done >>b.tsv
    printf 'r%d\tx\tx\n' 2 1 >>b.tsv
    run -0 --separate-stderr evaluate --metrics accuracy --show comparison --against b.tsv a.tsv
    [ "${lines[1]}" = $'both_right\t2' ]
    [ "${lines[2]}" = $'only_this_right\t6' ]
    [[ "${lines[5]}" = $'p_exact\t0.0312'* ]]
    [ "${lines[8]}" = $'metric\tthis\tagainst\tdifference\tp' ]
    [[ "${lines[9]}" = $'accuracy\t1\t0.25\t0.75\t0.0'* ]]
    evaluate --bootstrap 50 --against b.tsv -j 1 a.tsv >one
    evaluate --bootstrap 50 --against b.tsv -j 2 a.tsv >two
    same one two
}

@test "two models have to be judged by the same rows" {
    printf 'id\tlabel\tpred\nr1\tx\tx\nr2\ty\tx\n' >a.tsv
    head -n 2 a.tsv >b.tsv
    bad 1 "--against: a.tsv has 2 labelled rows, b.tsv 1" --against b.tsv a.tsv
    sed 's/r2/r3/' a.tsv >b.tsv
    bad 1 "--against: b.tsv: has no row 'r2'" --against b.tsv a.tsv
    sed 's/r2/r1/' a.tsv >b.tsv
    bad 1 "'r1' is there twice" --against b.tsv a.tsv
    sed 's/\ty\t/\tz\t/' a.tsv >b.tsv
    bad 1 "a.tsv:3: has another label in b.tsv" --against b.tsv a.tsv
}

@test "pictures are SVG, and never replace a file unasked" {
    table p.tsv 'cat cat 0.9 0.1' 'dog cat 0.6 0.4' 'dog dog 0.25 0.75' 'cat dog 0.3 0.7'
    evaluate --plot roc:r.svg --plot pr:p.svg --plot confusion:c.svg --plot reliability:l.svg p.tsv >out
    for file in r.svg p.svg c.svg l.svg; do
        python3 -c 'import sys, xml.dom.minidom; xml.dom.minidom.parse(sys.argv[1])' $file
    done
    grep -q 'AUROC 0.7500' r.svg
    grep -q 'cat taken for dog: 1, 50 %' c.svg
    bad 1 "r.svg: exists already; --force replaces it" --plot roc:r.svg p.tsv
    evaluate --force --plot roc:r.svg p.tsv >out
}

@test "a table of reliability has every row in a bin" {
    run -0 --separate-stderr evaluate --show calibration --bins 4 p.tsv
    [ "${lines[3]}" = $'0.5\t0.75\t3\t0.6666666666666666\t0\t-0.6666666666666666' ]
    [ "${lines[1]}" = $'0\t0.25\t0\t\\N\t\\N\t\\N' ]
    [ "$(evaluate --show calibration p.tsv | awk 'NR > 1 { n += $3 } END { print n }')" = 8 ]
}

@test "a model is asked for what predict would write" {
    train -q -o run --epochs 1 shapes.tsv
    predict -p -m run/model.safetensors shapes.tsv | evaluate --format json >a.json
    evaluate --format json -m run/model.safetensors shapes.tsv >b.json
    python3 -c '
import json
a, b = (json.load(open(name))["metrics"] for name in ("a.json", "b.json"))
assert a.keys() == b.keys() and "log_loss" in a
assert all(abs(a[name] - b[name]) < 1e-6 for name in a), (a, b)'
    evaluate --format json -m run shapes.tsv | cmp - b.json
    bad 1 "shapes/model.safetensors: cannot be read" -m shapes shapes.tsv
    bad 1 "p.tsv:2: label 'cat' is not among the classes" -m run/model.safetensors p.tsv
}

@test "a model of several labels, through predict" {
    awk -F'\t' -v OFS='\t' 'NR > 1 && NR % 3 == 0 { $2 = $2 ";third" } 1' shapes.tsv >sets.tsv
    train -q --multi-label --loss bce -o run --epochs 1 sets.tsv
    predict -p -m run/model.safetensors sets.tsv >answers.tsv
    run -0 --separate-stderr evaluate --multi-label --metrics support[third],lrap answers.tsv
    [ "${lines[1]}" = $'support[third]\t14' ]
    bad 2 "run/model.safetensors tells several labels; take predict -p" -m run/model.safetensors sets.tsv
}

@test "a full disk is an error" {
    run -1 bash -c 'evaluate p.tsv >/dev/full'
    output_has "standard output: cannot be written"
}
