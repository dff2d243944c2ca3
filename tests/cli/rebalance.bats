#!/usr/bin/env bats
# rebalance: classes come to their targets, other rows are left alone, and what is refused.

load helper

# counts FILE: "class=count,..." of the second column.
counts() {
    tail -n +2 "$1" | cut -f2 | sort | uniq -c | awk '{ print $2 "=" $1 }' | paste -sd,
}

@test "classes grow to the largest, originals first, repeats by class" {
    rebalance shapes.tsv >out.tsv
    [ "$(counts out.tsv)" = "disc=24,square=24,triangle=24" ]
    head -43 out.tsv >originals
    same originals shapes.tsv
    tail -n +44 out.tsv >repeats
    sort -t$'\t' -k2,2 -s repeats | cmp - repeats
    [ "$(sort out.tsv | uniq -c | awk '{ print $1 }' | sort -u | paste -sd,)" = "1,2,4" ]
}

@test "classes shrink to the smallest and keep their order" {
    rebalance --method under shapes.tsv >out.tsv
    [ "$(counts out.tsv)" = "disc=6,square=6,triangle=6" ]
    grep -xFf out.tsv shapes.tsv | cmp - out.tsv
}

@test "only training rows change" {
    datasplit -q --no-groups shapes.tsv >split.tsv
    rebalance split.tsv >out.tsv
    grep -v $'\ttrain$' split.tsv >rest
    grep -v $'\ttrain$' out.tsv | cmp - rest
    grep -P '\t(train|split)$' out.tsv >train
    [ "$(counts train)" = "disc=17,square=17,triangle=17" ]
    rebalance --split test --target disc=1 split.tsv | grep -v $'\ttest$' >kept
    grep -v $'\ttest$' split.tsv | cmp - kept
    rebalance --all-splits split.tsv >all.tsv
    [ "$(counts all.tsv)" = "disc=24,square=24,triangle=24" ]
}

@test "targets make a set imbalanced" {
    rebalance --target 'disc=25%,square=30,*=50%' shapes.tsv >out.tsv
    [ "$(counts out.tsv)" = "disc=6,square=30,triangle=3" ]
}

@test "classes with commas, spaces and emoji" {
    printf 'label\na,b\nbig cat\nbig cat\n\360\237\220\210\n' >m.tsv
    run -0 --separate-stderr rebalance --target $'a\\,b=3,big cat=1,\360\237\220\210=2' m.tsv
    [ "$(grep -c 'a,b' <<<"$output")" -eq 3 ]
    [ "$(grep -c 'big cat' <<<"$output")" -eq 1 ]
    stderr_has "rows 4 -> 6 (a,b 1 -> 3, big cat 2 -> 1"
}

@test "two classes and a ratio" {
    grep -v disc shapes.tsv >two.tsv
    rebalance --strategy 0.75 two.tsv >out.tsv
    [ "$(counts out.tsv)" = "square=12,triangle=9" ]
    rebalance --method under --strategy 0.75 two.tsv >out.tsv
    [ "$(counts out.tsv)" = "square=8,triangle=6" ]
}

@test "rules, totals and limits" {
    rebalance --strategy power:0.5 --total 100 shapes.tsv >out.tsv
    [ "$(counts out.tsv)" = "disc=45,square=32,triangle=23" ]
    rebalance --cap 10 --floor 8 shapes.tsv >out.tsv
    [ "$(counts out.tsv)" = "disc=10,square=10,triangle=8" ]
    run -0 --separate-stderr rebalance -n --max-repeats 3 shapes.tsv
    output_has $'triangle\t6\t24\t18\t12'
    stderr_has "rows 42 -> 66 (disc 24, square 12 -> 24, triangle 6 -> 18; 72 were requested)"
    rebalance --strategy repeat-factor:0.5 shapes.tsv >out.tsv
    [ "$(counts out.tsv)" = "disc=24,square=16,triangle=11" ]
    rebalance --strategy list:triangle shapes.tsv >out.tsv
    [ "$(counts out.tsv)" = "disc=24,square=12,triangle=24" ]
}

@test "a repeat column instead of repeated rows" {
    rebalance --target disc=6,triangle=15 --as repeat shapes.tsv >out.tsv
    [ "$(head -1 out.tsv)" = $'file_name\tlabel\tgroup\trepeat' ]
    awk -F'\t' 'NR > 1 { n[$2] += $4 } END { print n["disc"], n["square"], n["triangle"] }' out.tsv >sums
    [ "$(cat sums)" = "6 12 15" ]
    [ "$(tail -n +2 out.tsv | wc -l)" -eq 24 ]
    # the same rows as without the column
    rebalance --target disc=6,triangle=15 shapes.tsv | tail -n +2 | sort >rows
    awk -F'\t' 'NR > 1 { for (i = 0; i < $4; i++) print $1 "\t" $2 "\t" $3 }' out.tsv | sort >expanded
    same rows expanded
    run -1 --separate-stderr rebalance --as repeat out.tsv
    stderr_has "out.tsv: has a column repeat already"
}

@test "a weight column, on top of weights that are there" {
    printf 'label\tweight\na\t2\na\t\\N\nb\t1\n' >m.tsv
    run -0 --separate-stderr rebalance --as weight m.tsv
    [ "$output" = $'label\tweight\na\t2\na\t1\nb\t2' ]
    rebalance -q --as weight shapes.tsv >out.tsv
    [ "$(counts out.tsv)" = "disc=24,square=12,triangle=6" ]
    [ "$(awk -F'\t' 'NR > 1 { n[$2] += $4 } END { print n["disc"], n["square"], n["triangle"] }' out.tsv)" = "24 24 24" ]
    printf 'label\tweight\na\theavy\nb\t1\n' >m.tsv
    run -1 --separate-stderr rebalance --as weight m.tsv
    stderr_has "m.tsv:2: weight 'heavy' is not a number"
}

@test "the bootstrap draws, the seed decides" {
    rebalance --random --target triangle=60 shapes.tsv >a
    rebalance --random --target triangle=60 --seed 1 shapes.tsv >b
    rebalance --random --target triangle=60 --seed 0 shapes.tsv >c
    [ "$(counts a)" = "disc=24,square=12,triangle=60" ]
    same a c
    run -1 cmp -s a b
    [ "$(grep triangle a | sort | uniq -c | awk '{ print $1 }' | sort -u | wc -l)" -gt 1 ]
}

@test "a dry run prints the plan" {
    run -0 --separate-stderr rebalance --dry-run --strategy minority shapes.tsv
    [ "$output" = $'class\tbefore\trequested\tdelivered\tchange\ndisc\t24\t24\t24\t0\nsquare\t12\t12\t12\t0\ntriangle\t6\t24\t24\t18' ]
    stderr_has "rows 42 -> 60 (disc 24, square 12, triangle 6 -> 24)"
    run -0 --separate-stderr rebalance -n --format json shapes.tsv
    output_has '{"class": "triangle", "before": 6, "requested": 24, "delivered": 24, "change": 18}'
}

@test "unlabelled rows pass, empty classes are warned of" {
    mkdir set
    printf 'file_name\tlabel\na\tx\nb\tx\nc\ty\nd\t\\N\n' >set/manifest.tsv
    printf 'x\ny\nz\n' >set/classes.txt
    run -0 --separate-stderr rebalance set
    [ "${#lines[@]}" -eq 6 ]
    output_has $'set/d\t\\N'
    stderr_has "warning: class 'z' has no row that could be repeated"
    stderr_has "rows 3 -> 4 (x 2, y 1 -> 2, z 0); 1 of other splits or without a class kept"
}

@test "a pipe of all three tools" {
    datasplit -q shapes | rebalance -q | classstats --show splits >out
    [ "$(cut -f4 out | tail -n +2 | sort -u | wc -l)" -eq 1 ]
}

@test "names with tabs and newlines pass" {
    mkdir -p odd/cat odd/dog
    touch $'odd/cat/a\tb\nc.png' odd/cat/d.png odd/dog/e.png
    run -0 --separate-stderr rebalance odd
    [ "${#lines[@]}" -eq 5 ]
    output_has 'odd/cat/a\tb\nc.png'
}

@test "full disks and existing files" {
    run -1 --separate-stderr bash -c 'rebalance shapes.tsv >/dev/full'
    stderr_has "cannot be written: No space left on device"
    run -1 --separate-stderr rebalance -o sheet.png shapes.tsv
    stderr_has "sheet.png: exists already; --force replaces it"
    small_tmpfs disk 16k
    run -1 --separate-stderr rebalance -t 'disc=100000' -o disk/out.tsv shapes.tsv
    stderr_has "disk/out.tsv: cannot be written: No space left on device"
    [ -z "$(ls -A disk)" ]
}

# bad STATUS MESSAGE ARGUMENT...
bad() {
    local expected=$1 message=$2
    shift 2
    run -"$expected" --separate-stderr rebalance "$@"
    [ -z "$output" ] || fail "printed on stdout: $output"
    stderr_has "$message"
}

@test "bad options end with 2" {
    bad 2 "--method: 'smote' is not random, over or under" --method smote shapes.tsv
    bad 2 "--strategy: the majority cannot grow" --strategy majority shapes.tsv
    bad 2 "--strategy: unknown strategy 'even'" --strategy even shapes.tsv
    bad 2 "--strategy: a ratio is for two classes, 3 have rows" --strategy 0.5 shapes.tsv
    bad 2 "--target: no class 'cat', there are: disc, square, triangle" -t cat=3 shapes.tsv
    bad 2 "class 'disc' has 24 rows, its target 3 is less" -m over -t disc=3 shapes.tsv
    bad 2 "--strategy and --target exclude each other" -s all -t disc=3 shapes.tsv
    bad 2 "--split and --all-splits exclude each other" --split a --all-splits shapes.tsv
    bad 2 "--dry-run and --output exclude each other" -n -o x shapes.tsv
    bad 2 "--random is about rows that are repeated" -m under --random shapes.tsv
    bad 2 "--random is about rows that are repeated" --as weight --random shapes.tsv
    bad 2 "--as: 'lines' is not rows, repeat or weight" --as lines shapes.tsv
    bad 2 "--max-repeats: 0.5 is outside" --max-repeats 0.5 shapes.tsv
    bad 2 "--total: 'all' is not a whole number" --total all shapes.tsv
    bad 2 "--total: 1000 rows cannot be reached: the classes may come to 3 to 30" \
        --total 1000 --cap 10 shapes.tsv
    bad 2 "--cap: 'half' is neither a number of rows nor max" --cap half shapes.tsv
    bad 2 "--floor: '-3' is neither" --floor=-3 shapes.tsv
}

@test "bad input ends with 1" {
    printf 'file_name\tlabel\na\tx\nb\tx\n' >single.tsv
    printf 'file_name\tlabel\tsplit\na\tx\ttest\nb\ty\ttest\n' >no-train.tsv
    printf 'file_name\tlabel\na\tx\nb\n' >fields.tsv
    bad 1 "single.tsv: 1 class with rows, a strategy needs two or more" single.tsv
    bad 1 "no-train.tsv: no row has the split 'train'" no-train.tsv
    bad 1 "shapes.tsv:1: no column 'split'" --split val shapes.tsv
    bad 1 "shapes.tsv:1: no column 'class'" --label class shapes.tsv
    bad 1 "fields.tsv:3: 1 field, the header has 2" fields.tsv
}
