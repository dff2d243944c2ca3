#!/usr/bin/env bats
# classstats: counts of classes from manifests and folders, and what it says about bad ones.

load helper

@test "counts and shares of a manifest, as TSV in a pipe" {
    run -0 --separate-stderr classstats --show classes shapes.tsv
    [ "${lines[0]}" = $'class\tcount\tshare\ttier' ]
    [ "${lines[1]}" = $'disc\t24\t0.5714285714285714\tmedium' ]
    [ "${lines[3]}" = $'triangle\t6\t0.14285714285714285\ttail' ]
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
    output_has "disc         24  0.5714  medium  ################################"
    output_has "square       12  0.2857  tail    ################"
}

@test "JSON holds every table" {
    awk -F'\t' -v OFS='\t' '{ print $0, NR == 1 ? "split" : NR % 2 ? "train" : "test" }' \
        shapes.tsv >split.tsv
    run -0 classstats --format json split.tsv
    echo "$output" | python3 -c '
import json, sys
report = json.load(sys.stdin)
assert list(report) == ["classes", "splits", "summary", "drift"], report.keys()
assert sum(row["train"] + row["test"] for row in report["splits"]) == 42
assert [row["split"] for row in report["summary"]] == ["all", "test", "train"]
assert report["summary"][0]["ratio"] == 4
'
}

@test "weights come from the training rows" {
    printf 'label\tsplit\na\ttrain\na\ttrain\na\ttrain\nb\ttrain\nb\ttest\nb\ttest\n' >m.tsv
    run -0 --separate-stderr classstats --show classes --weights balanced,sqrt m.tsv
    [ "${lines[0]}" = $'class\tcount\tshare\ttier\tbalanced\tsqrt' ]
    [[ ${lines[1]} == $'a\t3\t0.5\ttail\t0.66666666666666'* ]]
    [[ ${lines[2]} == $'b\t3\t0.5\ttail\t2\t1.26'* ]]
}

@test "no training rows: weights of all rows with a warning, a check of them is an error" {
    printf 'label\tsplit\na\ttest\na\tval\nb\ttest\n' >m.tsv
    run -0 --separate-stderr classstats --show classes --weights balanced m.tsv
    stderr_has "warning: --weights: no row has the split 'train'; they are those of all rows"
    [ "${lines[2]}" = $'b\t1\t0.3333333333333333\ttail\t1.5' ]
    run -0 --separate-stderr classstats m.tsv
    [ -z "$stderr" ]
    run -2 --separate-stderr classstats --check 'min_per_class@train>=1' m.tsv
    stderr_has "'min_per_class@train': there is no split 'train'"
    [ -z "$output" ]
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
    [[ ${lines[2]} == $'hexagon\t0\t0\ttail\t0' ]]
}

@test "another column of classes" {
    run -0 --separate-stderr classstats --label group --show summary shapes.tsv
    [[ ${lines[1]} == $'all\t42\t0\t'* ]]
}

@test "labels with spaces, tabs and emoji" {
    printf 'label\nbig cat\nbig cat\na\\tb\n\360\237\220\210\n' >m.tsv
    run -0 --separate-stderr classstats --show classes m.tsv
    [[ ${lines[1]} == $'a\\tb\t1\t0.25\ttail' ]]
    [[ ${lines[2]} == $'big cat\t2\t0.5\ttail' ]]
    [[ ${lines[3]} == $'\360\237\220\210\t1\t0.25\ttail' ]]
}

@test "tiers are those of the training rows, and their bounds can be chosen" {
    printf 'label\tsplit\na\ttrain\na\ttrain\na\ttrain\nb\ttrain\nb\ttest\nb\ttest\n' >m.tsv
    run -0 --separate-stderr classstats --show classes --tiers 2,2 m.tsv
    [ "${lines[1]}" = $'a\t3\t0.5\thead' ]
    [ "${lines[2]}" = $'b\t3\t0.5\ttail' ]
    run -0 --separate-stderr classstats --show summary --tiers 2,2 m.tsv
    [[ ${lines[0]} == *$'\tgini\timpurity\tsingletons\thead\tmedium\ttail' ]]
    [[ ${lines[1]} == *$'\t0\t0.5\t0\t2\t0\t0' ]]
    [[ ${lines[3]} == $'train\t'*$'\t1\t1\t0\t1' ]]
}

@test "rows with several labels are drawn whole: intervals of shares and of sets" {
    printf 'labels\tsplit\ta\n' >m.tsv
    for i in 1 2 3 4 5 6; do printf 'a;b\ttrain\t1\n\ttest\t2\n'; done >>m.tsv
    run -0 --separate-stderr classstats --multi-label --bootstrap 50 --show classes m.tsv
    IFS=$'\t' read -r _ _ _ a_low a_high _ <<<"${lines[1]}"
    IFS=$'\t' read -r _ _ _ b_low b_high _ <<<"${lines[2]}"
    [ "$a_low $a_high" = "$b_low $b_high" ] && [ "$a_low" != "$a_high" ]
    run -0 --separate-stderr classstats --multi-label --bootstrap 50 --show intervals m.tsv
    output_has $'all\tcardinality\t1\t'
    output_has $'train\tcardinality\t2\t2\t2\t0'
    output_has $'all\tmean_ir\t1\t1\t1\t0'
    output_has $'train test\tl_inf'
    printf 'labels\tg\na;b\tx\na\tx\nb\tx\n' >g.tsv
    run -0 --separate-stderr classstats --multi-label --bootstrap 9 --group g --show classes g.tsv
    [[ ${lines[1]} == $'a\t2\t0.6666666666666666\t0.6666666666666666\t0.6666666666666666\t'* ]]
}

@test "several labels in a cell: each counts once, an empty cell is a labelled row" {
    printf 'labels\na;b\nb\n\na;a\n\\N\nc;a;b\n' >m.tsv
    run -0 --separate-stderr classstats --multi-label --show classes --weights positive m.tsv
    [ "${lines[0]}" = $'class\tcount\tshare\ttier\tirlbl\tpositive' ]
    [ "${lines[1]}" = $'a\t3\t0.6\ttail\t1\t0.6666666666666666' ]
    [ "${lines[3]}" = $'c\t1\t0.2\ttail\t3\t4' ]
    run -0 --separate-stderr classstats --multi-label --show pairs m.tsv
    [ "${lines[0]}" = $'class\ta\tb\tc' ]
    [ "${lines[1]}" = $'a\t3\t2\t1' ]
    [ "${lines[3]}" = $'c\t1\t1\t1' ]
    run -0 --separate-stderr classstats --multi-label --show labels m.tsv
    [ "${lines[1]}" = $'label_sets\t5' ]
    [ "${lines[3]}" = $'cardinality\t1.4' ]
    run -0 --separate-stderr classstats --multi-label --show summary m.tsv
    [[ ${lines[1]} == $'all\t5\t1\t3\t0\t3\t1\t3\t'* ]]
    printf 'labels\na;;b\n' >m.tsv
    run -1 classstats --multi-label m.tsv
    output_has "m.tsv:2: empty name in labels, names are separated by one ';'"
    mkdir fixed
    printf 'b\na\nc\n' >fixed/classes.txt
    printf 'labels\na;b\n' >fixed/manifest.tsv
    run -0 --separate-stderr classstats --multi-label --show pairs fixed
    [ "${lines[0]}" = $'class\tb\ta\tc' ]
    printf 'a\n' >fixed/classes.txt
    run -1 classstats --multi-label fixed
    output_has "manifest.tsv:2: labels 'b' is not in classes.txt"
}

@test "names that are alike are a warning" {
    printf 'label\nCat\ncat\ndog \ndog\n\303\251\ne\314\201\n' >m.tsv
    run -0 --separate-stderr classstats --show summary m.tsv
    stderr_has "warning: classes 'Cat' and 'cat' differ in case, spaces or Unicode form only"
    stderr_has "classes 'dog' and 'dog ' differ"
    [ "$(grep -c differ <<<"$stderr")" -eq 3 ]
}

@test "one class only, classes of one sample, no label, no row" {
    printf 'label\na\na\n' >one.tsv
    run -0 --separate-stderr classstats --show summary one.tsv
    [[ ${lines[1]} == $'all\t2\t0\t1\t0\t2\t2\t1\t0\t\\N\t1\t0\t0\t0\t'* ]]
    seq -f 'c%g' 5 | sed '1i label' >single.tsv
    run -0 --separate-stderr classstats --show summary single.tsv
    [[ ${lines[1]} == $'all\t5\t0\t5\t0\t1\t1\t1\t'*$'\t5\t0\t0\t5' ]]
    printf 'label\n\\N\n' >none.tsv
    run -0 --separate-stderr classstats --show summary none.tsv
    [[ ${lines[1]} == $'all\t0\t1\t0\t0\t0\t0\t\\N\t'* ]]
    printf 'label\tsplit\n' >empty.tsv
    run -0 --separate-stderr classstats empty.tsv
}

@test "splits drift from each other, train first" {
    printf 'label\tsplit\na\ttest\na\ttrain\nb\ttrain\nb\ttrain\nb\tval\n' >m.tsv
    run -0 --separate-stderr classstats --show drift m.tsv
    [ "${#lines[@]}" -eq 4 ]
    [[ ${lines[1]} == $'train\ttest\t3\t1\t1\t0\t0.66666666666666'*$'\ta\t'* ]]
    [[ ${lines[2]} == $'train\tval\t3\t1\t1\t0\t0.33333333333333'* ]]
    [[ ${lines[3]} == $'test\tval\t1\t1\t1\t1\t1\ta\t1\t'* ]]
}

@test "--against: another data set, its new and its missing classes" {
    printf 'label\tsplit\na\ttest\na\ttrain\nb\ttrain\n' >new.tsv
    printf 'label\tsplit\n0\ttrain\nb\ttrain\nb\ttrain\nb\tval\n' >old.tsv
    run -0 --separate-stderr classstats --show drift --against old.tsv new.tsv
    [ "${#lines[@]}" -eq 3 ]
    [[ ${lines[1]} == $'all\tagainst:all\t3\t4\t1\t1\t0.6666666666666666\ta\t'* ]]
    [[ ${lines[2]} == $'train\tagainst:train\t2\t3\t1\t1\t0.5\ta\t'* ]]
}

@test "checks: the report stands, what fails is named, the status is 1" {
    awk -F'\t' -v OFS='\t' '{ print $0, NR == 1 ? "split" : NR % 2 ? "train" : "test" }' \
        shapes.tsv >split.tsv
    run -1 --separate-stderr classstats --show summary --check 'min_per_class>=20' \
        --check 'ratio <= 4' --check 'empty@test==0' --check 'count:disc@train<3' \
        --check 'share:triangle>0.14' --check 'drift_p>0.05' split.tsv
    [ "$stderr" = "classstats: --check 'min_per_class>=20' fails: min_per_class is 6
classstats: --check 'count:disc@train<3' fails: count:disc@train is 12" ]
    [ "${lines[4]}" = $'check\tvalue\tresult' ]
    [ "${lines[5]}" = $'min_per_class>=20\t6\tfails' ]
    [ "${lines[6]}" = $'ratio <= 4\t4\tholds' ]
    [ "${lines[8]}" = $'count:disc@train<3\t12\tfails' ]
    run -0 classstats -q --check 'min_per_class>5' --check 'min_share@train>0.1' split.tsv
    run -1 --separate-stderr classstats -q --multi-label --label label --check 'scumble<-1' shapes.tsv
    stderr_has "'scumble<-1' fails: scumble is 0"
    printf 'label\n\\N\n' >none.tsv
    run -1 --separate-stderr classstats -q --check 'ratio<100' none.tsv
    stderr_has "'ratio<100' fails: ratio is not defined here"
}

@test "bootstrap intervals are a matter of the seed, and hold the value" {
    classstats --bootstrap 50 shapes.tsv >a
    classstats --bootstrap 50 --seed 0 shapes.tsv >b
    classstats --bootstrap 50 --seed 1 shapes.tsv >c
    same a b
    run -1 cmp -s a c
    run -0 --separate-stderr classstats --show classes --bootstrap 200 shapes.tsv
    [ "${lines[0]}" = $'class\tcount\tshare\tshare_low\tshare_high\ttier' ]
    awk -F'\t' 'NR > 1 && !($4 < $3 && $3 < $5 && $5 - $4 < 0.4) { exit 1 }' <<<"$output"
    run -0 --separate-stderr classstats --show intervals --bootstrap 200 --confidence 0.5 shapes.tsv
    [ "${lines[0]}" = $'split\tmetric\tvalue\tlow\thigh\tbias' ]
    [ "${#lines[@]}" -eq 7 ]
}

@test "groups are drawn whole, which widens the intervals" {
    seq 400 | awk -v OFS='\t' 'BEGIN { print "label", "group", "split" }
        { g = int($1 / 40); print g % 2 ? "a" : "b", "g" g, $1 % 2 ? "train" : "test" }' >m.tsv
    width() { classstats --show classes --bootstrap 400 "$@" m.tsv | awk -F'\t' 'NR == 2 { print $5 - $4 }'; }
    awk -v one="$(width)" -v group="$(width --group group)" 'BEGIN { exit !(group > 4 * one) }'
    sed '2,$s/\tg[0-9]*/\t\\N/' m.tsv >alone.tsv
    run -0 --separate-stderr classstats --show intervals --bootstrap 50 --group group --against m.tsv alone.tsv
    [[ $output == *$'all against:all\tjsd\t'* ]]
    run -1 classstats --bootstrap 50 --group source m.tsv
    output_has "no column 'source'"
}

@test "--plot draws bars, or a curve of many classes, as SVG that parses" {
    printf 'label\tsplit\na<&"\ttrain\n\001\tval\nb\ttrain\n' >m.tsv
    classstats -q --plot bars.svg m.tsv >/dev/null
    seq -f 'class %g' 200 | sed '1i label' >many.tsv
    classstats -q --plot curve.svg many.tsv >/dev/null
    printf 'label\n' >none.tsv
    classstats -q --plot none.svg none.tsv >/dev/null
    python3 - <<'END'
import xml.etree.ElementTree as tree
bars, curve, none = (tree.parse(f"{name}.svg").getroot() for name in ("bars", "curve", "none"))
kind = "{http://www.w3.org/2000/svg}"
assert len(bars.findall(f".//{kind}g/{kind}rect")) == 3
texts = ["".join(text.itertext()) for text in bars.iter(f"{kind}text")]
assert 'a<&"' in texts and "train" in texts and "1 33.3 %" in texts, texts
assert curve.findall(f"{kind}path") and not curve.findall(f".//{kind}g")
END
    run -1 classstats --plot bars.svg shapes.tsv
    output_has "bars.svg"
    classstats -q --force --plot bars.svg shapes.tsv >/dev/null
}

@test "more splits than can be compared are a warning" {
    seq 21 | awk 'BEGIN { print "label\tsplit" } { print "a\t" $1 }' >m.tsv
    run -0 --separate-stderr classstats m.tsv
    stderr_has "warning: 21 splits: they are not compared"
}

@test "--images: the same bytes for any number of threads, from files, regions and IDX" {
    local n
    for n in 1 2 4; do classstats --images -j "$n" shapes.tsv >"threads-$n"; done
    same threads-1 threads-2
    same threads-1 threads-4
    classstats --images --show channels shapes >folder
    classstats --images --show channels shapes.tsv >table
    same folder table
    tile --size 20 --virtual sheet.png >tiles.tsv
    awk -v OFS='\t' '{ print $0, NR == 1 ? "label" : NR % 2 ? "a" : "b" }' tiles.tsv >labelled.tsv
    run -0 --separate-stderr classstats --images --show sizes,channels labelled.tsv
    [[ ${lines[1]} == $'all\t\\N\t200\t20\t20\t20\t20\t20\t20\t1\t1\t1\t1\t20x20\t1' ]]
    [[ ${lines[5]} == $'all\t\\N\t1\tgrey\t200\t80000\t'* ]]
}

@test "--images: sizes, formats, and a property that predicts the label" {
    mkdir -p set/big set/small
    cp shapes/disc/*.png set/small
    for f in shapes/square/*.png; do
        tile --size 16 --force -o tiles "$f" >/dev/null
        cp tiles/*.png set/big
    done
    run -0 --separate-stderr classstats --images --show sizes,properties \
        --check 'association:width>0.99' set
    [[ ${lines[1]} == $'all\t'*$'\t16\t'*$'\t32\t'*$'\t2\t'* ]]
    grep -P '^width\teta\t1\t1\t0\t' <<<"$output"
    grep -P '^size\tcramers_v\t(1|0.999)' <<<"$output"
    grep -P '^suffix\tcramers_v\t\\N\t' <<<"$output"
    run -1 --separate-stderr classstats -q --images --check 'max_association<0.5' set
    stderr_has "--check 'max_association<0.5' fails: max_association is"
}

@test "--images: what cannot be read is an error, or passed over and named" {
    head -5 shapes.tsv >m.tsv
    printf 'broken.png\tdisc\tx\nabsent.png\tdisc\tx\n' >>m.tsv
    head -c 100 sheet.png >broken.png
    bad 1 "m.tsv:6: broken.png" --images m.tsv
    run -1 --separate-stderr classstats --images --keep-going --rejects bad.tsv --show formats \
        --check 'unreadable==2' m.tsv
    stderr_has "warning: m.tsv:6: broken.png"
    stderr_has "warning: m.tsv:7: absent.png"
    stderr_has "2 of 6 images passed over"
    [[ ${lines[1]} == $'3\tno\t8-bit\t4\t1' ]]
    [[ ${lines[3]} == $'unreadable==2\t2\tholds' ]]
    [ "$(cut -f 1 bad.tsv | tail -n +2)" = $'broken.png\nabsent.png' ]
    printf 'label\nx\n' >no-file.tsv
    bad 1 "file_name" --images no-file.tsv
}

@test "--images: a shift between splits, and none where there is one" {
    awk -F'\t' -v OFS='\t' '{ print $0, NR == 1 ? "split" : $2 == "disc" ? "train" : "test" }' \
        shapes.tsv >split.tsv
    run -0 --separate-stderr classstats --images --show shift split.tsv
    [ "${#lines[@]}" -eq 14 ]
    [[ ${lines[5]} == $'train\ttest\tbrightness\t0.3'*$'\t0.2'* ]]
    [[ ${lines[1]} == $'train\ttest\twidth\t32\t32\t0\t1' ]]
    run -0 --separate-stderr classstats --images --show shift shapes.tsv
    [ -z "$output" ]
}

@test "--root, and several labels with images" {
    mkdir elsewhere
    cp shapes.tsv elsewhere/
    bad 1 "disc" --images elsewhere/shapes.tsv
    classstats --images --root . --show channels elsewhere/shapes.tsv >a
    classstats --images --show channels shapes.tsv >b
    same a b
    awk -F'\t' -v OFS='\t' '{ print $1, NR == 1 ? "labels" : $2 == "disc" ? "disc;round" : $2 }' \
        shapes.tsv >m.tsv
    run -0 --separate-stderr classstats --multi-label --images --show sizes m.tsv
    grep -P '^class\tround\t24\t32' <<<"$output"
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
    bad 2 "--show: 'class' is none of classes, splits" --show class shapes.tsv
    bad 2 "--show: names no table" --show '' shapes.tsv
    bad 2 "--weights: unknown weights 'foo'" --weights foo shapes.tsv
    bad 2 "effnum: B is 1, 0 <= B < 1 was expected" --weights effnum:1 shapes.tsv
    bad 2 "--weights: unknown weights 'positive:1'" --weights positive:1 shapes.tsv
    bad 2 "--tiers: '5' is not two counts" --tiers 5 shapes.tsv
    bad 2 "--tiers: 5,7: the tail would reach into the head" --tiers 5,7 shapes.tsv
    bad 2 "--show: labels and pairs need --multi-label" --show pairs shapes.tsv
    bad 2 "--check: 'ratio' is not a condition such as" --check ratio shapes.tsv
    bad 2 "--check: there is no number 'rato', see CHECKS" --check 'rato>1' shapes.tsv
    bad 2 "--check: 'count:ape': there is no class 'ape'" --check 'count:ape>1' shapes.tsv
    bad 2 "--check: 'ratio@val': there is no split 'val'" --check 'ratio@val>1' shapes.tsv
    bad 2 "--check: 'drift_p' needs two splits or --against" --check 'drift_p>0.1' shapes.tsv
    bad 2 "--check: 'scumble' needs --multi-label" --check 'scumble<1' shapes.tsv
    bad 2 "--bootstrap: 1 replicates" --bootstrap 1 shapes.tsv
    bad 2 "--confidence: needs --bootstrap" --confidence 0.9 shapes.tsv
    bad 2 "--group: needs --bootstrap" --group group shapes.tsv
    bad 2 "--confidence: 1 is not between 0 and 1" --bootstrap 9 --confidence 1 shapes.tsv
    bad 2 "--keep-going: needs --images" --keep-going shapes.tsv
    bad 2 "--root: needs --images" --root . shapes.tsv
    bad 2 "--rejects: needs --keep-going" --images --rejects f.tsv shapes.tsv
    bad 2 "--show: tables of images need --images" --show means shapes.tsv
    bad 2 "--check: 'unreadable' needs --images" --check 'unreadable==0' shapes.tsv
    bad 2 "'association:x': there is no such property" --images --check 'association:x<1' shapes.tsv
    bad 1 "absent.tsv: cannot be read" --against absent.tsv shapes.tsv
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
