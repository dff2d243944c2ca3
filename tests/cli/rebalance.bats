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

@test "rows with several labels go by the one that asks for most" {
    # car in 20 of 20 rows, dog in 5, owl in 1: factors 1, sqrt(0.8 / 0.25) = 1.79, sqrt(16) = 4
    awk 'BEGIN { print "id\tlabels"; for (i = 1; i <= 20; i++)
        print i "\tcar" (i <= 5 ? ";dog" : "") (i == 1 ? ";owl" : "") }' >m.tsv
    printf '21\t\\N\n' >>m.tsv
    rebalance -q --multi-label -s repeat-factor:0.8 --as repeat m.tsv >out.tsv
    [ "$(awk -F'\t' '$1 == 1 { print $3 }' out.tsv)" = 4 ]
    [ "$(awk -F'\t' '$1 >= 2 && $1 <= 5 { n += $3 } END { print n }' out.tsv)" = 7 ]
    [ "$(awk -F'\t' '$1 > 5 { n += $3 } END { print n }' out.tsv)" = 16 ]
    run -0 --separate-stderr rebalance -n --multi-label -s repeat-factor:0.8,dog=0 m.tsv
    output_has $'car\t19\t19\t19\t0\ndog\t0\t0\t0\t0\nowl\t1\t4\t4\t3'
    run -2 --separate-stderr rebalance --multi-label m.tsv
    stderr_has "--multi-label is for --strategy repeat-factor:T"
    run -2 --separate-stderr rebalance --multi-label -s repeat-factor:2 m.tsv
    stderr_has "--strategy: repeat-factor: 2 is outside"
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

# A feature table: classes a (around 0), b (around 5) and c (around 9), rows of b among those of a.
features() {
    awk 'BEGIN { OFS = "\t"; print "name", "label", "u", "v"
        for (i = 0; i < 40; i++) print "a" i, "a", (i * 37) % 41 / 20, (i * 53) % 43 / 20
        for (i = 0; i < 15; i++) print "b" i, "b", (i < 3 ? 0.01 : 5) + (i * 37) % 41 / 20, (i * 53) % 43 / 20
        for (i = 0; i < 6; i++) print "c" i, "c", 9 + i % 3 / 7, i / 5 }' >table.tsv
}

@test "methods that look at features leave rows out" {
    features
    for method in nearmiss-1 nearmiss-2 centroids; do
        rebalance -q -m $method table.tsv >out.tsv
        [ "$(counts out.tsv)" = "a=6,b=6,c=6" ] || fail "$method: $(counts out.tsv)"
    done
    # of the 6 rows wanted of each, those that are among the nearest to a row of c
    run -0 --separate-stderr rebalance -n -m nearmiss-3 table.tsv
    output_has $'a\t40\t6\t4\t-36'
    stderr_has "rows 61 -> 15 (a 40 -> 4, b 15 -> 5, c 6; 18 were requested)"
    for method in tomek enn renn allknn ncr cnn oss; do
        run -0 --separate-stderr rebalance -m $method table.tsv
        [ "${#lines[@]}" -lt 62 ] || fail "$method: all rows stayed"
        [ "$(grep -c $'\tc\t' <<<"$output")" -eq 6 ] || fail "$method: rows of c went"
        stderr_has "rows 61 -> "
        # rows come in their order, unchanged
        [ "$(grep -xFf <(printf '%s\n' "$output") table.tsv)" = "$output" ]
    done
    # of 15 rows of b the three among a go, and rows of a near them
    rebalance -m enn --strategy list:b table.tsv >out.tsv
    [ "$(counts out.tsv)" = "a=40,b=12,c=6" ]
    rebalance -m enn --strategy list:b --columns v table.tsv >other.tsv
    run -1 cmp -s out.tsv other.tsv
    # without counts that are asked for the plan has none
    run -0 --separate-stderr rebalance -n -m enn --strategy list:b table.tsv
    output_has $'b\t15\t\\N\t12\t-3'
}

@test "pictures, components and embeddings are spaces" {
    for space in pixels pca:5 pca; do
        run -0 --separate-stderr rebalance -m nearmiss-1 --space $space shapes.tsv
        [ "${#lines[@]}" -eq 19 ]
    done
    rebalance -q -m centroids shapes.tsv >out.tsv
    grep -xFf out.tsv shapes.tsv | cmp - out.tsv
    rebalance -q -m centroids --as repeat shapes.tsv | cut -f4 | sort | uniq -c >column
    grep -q "18 1$" column
}

@test "centroids of feature tables are new rows, or real ones" {
    features
    rebalance -q -m centroids --strategy list:a table.tsv >out.tsv
    [ "$(tail -n +2 out.tsv | cut -f1 | grep -c '\\N')" -eq 6 ]
    tail -n +2 table.tsv | grep -v $'\ta\t' | cmp - <(sed -n 2,22p out.tsv)
    # their mean, weighted evenly, is not far from the class's
    [ "$(tail -6 out.tsv | awk -F'\t' '{ s += $3 } END { print (s / 6 > 0.6 && s / 6 < 1.4) }')" = 1 ]
    rebalance -q -m centroids --voting hard table.tsv >out.tsv
    grep -xFf out.tsv table.tsv | cmp - out.tsv
    rebalance -q -m centroids --seed 1 --voting hard table.tsv >other.tsv
    run -1 cmp -s out.tsv other.tsv
    printf 'id\tlabel\tu\tsplit\n1\ta\t1\ttrain\n2\ta\t2\ttrain\n3\tb\t9\ttrain\n4\ta\t7\ttest\n' >m.tsv
    rebalance -q -m centroids m.tsv >out.tsv
    printf 'id\tlabel\tu\tsplit\n3\tb\t9\ttrain\n4\ta\t7\ttest\na~1\ta\t1.5\ttrain\nb~2\tb\t9\ttrain\n' >wanted
    sed -n '/^4/p;/~/p' wanted >few
    grep -E '^4|^a~' out.tsv | cmp - <(grep -E '^4|^a~' few)
}

@test "noise on repeated rows" {
    features
    rebalance -q --shrinkage 0 table.tsv >plain.tsv
    rebalance -q table.tsv | sort | cmp - <(sort plain.tsv)
    rebalance -q --shrinkage b=1 table.tsv >out.tsv
    [ "$(counts out.tsv)" = "a=40,b=40,c=40" ]
    head -62 out.tsv | cmp - table.tsv
    tail -n +63 out.tsv | grep $'\tb\t' | grep -cxFf table.tsv >same || true
    [ "$(cat same)" -eq 0 ]
    [ "$(tail -n +63 out.tsv | grep $'\tc\t' | grep -cxFf table.tsv)" -eq 34 ]
}

@test "hard rows go by the probability of their class" {
    printf 'id\tlabel\tp_x\tp_y\n' >m.tsv
    printf '%s\tx\t0.%s\t0\n' 1 3 2 9 3 1 4 9 5 5 >>m.tsv
    printf '6\ty\t1\t0\n7\ty\t1\t0\n' >>m.tsv
    [ "$(rebalance -q -m iht m.tsv | cut -f1 | paste -sd,)" = "id,2,4,6,7" ]
    [ "$(rebalance -q -m iht --scores p_x -t x=1 m.tsv | cut -f1 | paste -sd,)" = "id,2,6,7" ]
    run -1 --separate-stderr rebalance -m iht --scores p m.tsv
    stderr_has "m.tsv:1: no column 'p'"
    run -1 --separate-stderr rebalance -m iht shapes.tsv
    stderr_has "from predict --probabilities, or from --scores COLUMN: shapes.tsv:1: no column 'p_disc'"
    sed 's/0\.1/nan/' m.tsv >bad.tsv
    run -1 --separate-stderr rebalance -m iht bad.tsv
    stderr_has "bad.tsv:4: p_x 'nan' is not a finite number"
}

@test "the number of threads changes nothing" {
    for method in nearmiss-2 centroids renn cnn oss; do
        for j in 1 2 4; do
            rebalance -q -j $j -m $method shapes.tsv >out.$j
        done
        same out.1 out.2
        same out.1 out.4
    done
}

@test "features that are no numbers, too few rows, one class" {
    features
    sed '5s/[^\t]*$/nan/' table.tsv >nan.tsv
    run -1 --separate-stderr rebalance -m enn --columns u,v nan.tsv
    stderr_has "nan.tsv:5: "
    sed '5s/[^\t]*$/inf/' table.tsv >inf.tsv
    run -1 --separate-stderr rebalance -m nearmiss-1 --columns u,v inf.tsv
    stderr_has "inf.tsv:5: "
    sed '5s/\t[^\t]*$//' table.tsv >ragged.tsv
    run -1 --separate-stderr rebalance -m enn ragged.tsv
    stderr_has "ragged.tsv:5: 3 fields, the header has 4"
    printf 'label\tu\ta\n' | sed 's/\ta$//' >few.tsv
    printf 'a\t1\na\t2\na\t4\nb\t9\n' >>few.tsv
    run -0 --separate-stderr rebalance -m nearmiss-1 few.tsv
    stderr_has "warning: --neighbours: 1 neighbours are used instead of 3"
    stderr_has "rows 4 -> 2 (a 3 -> 1, b 1)"
    run -0 --separate-stderr rebalance -m enn -k 7 few.tsv
    stderr_has "warning: --neighbours: 3 neighbours are used instead of 7"
    run -0 --separate-stderr rebalance few.tsv
    stderr_has "rows 4 -> 6 (a 3, b 1 -> 3)"
    grep -v ^b few.tsv >one.tsv
    for method in random under nearmiss-1 enn cnn centroids; do
        run -1 --separate-stderr rebalance -m $method one.tsv
        stderr_has "one.tsv: 1 class with rows, a strategy needs two or more"
    done
    # constant columns add nothing
    awk -F'\t' -v OFS='\t' '{ print $0, NR == 1 ? "w" : 7 }' table.tsv >constant.tsv
    rebalance -q -m enn constant.tsv | cut -f1-4 | cmp - <(rebalance -q -m enn table.tsv)
    # more classes than can be told apart by rows: one each
    printf 'label\tu\n' >each.tsv
    seq 20 | awk '{ print "k" $1 "\t" $1 }' >>each.tsv
    run -0 --separate-stderr rebalance -m nearmiss-1 each.tsv
    [ "${#lines[@]}" -eq 21 ]
    run -0 --separate-stderr rebalance -m enn each.tsv
    stderr_has "rows 20 -> 1"
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
    bad 2 "--method: 'smote' is none of random, over, under, nearmiss-1" --method smote shapes.tsv
    bad 2 "--strategy: the majority cannot grow" --strategy majority shapes.tsv
    bad 2 "--strategy: unknown strategy 'even'" --strategy even shapes.tsv
    bad 2 "--strategy: a ratio is for two classes, 3 have rows" --strategy 0.5 shapes.tsv
    bad 2 "--target: no class 'cat', there are: disc, square, triangle" -t cat=3 shapes.tsv
    bad 2 "class 'disc' has 24 rows, its target 3 is less" -m over -t disc=3 shapes.tsv
    bad 2 "class 'disc' has 24 rows, its target 90 is more" -m under -t disc=90 shapes.tsv
    bad 2 "class 'disc' has 24 rows, its target 90 is more" -m centroids -t disc=90 shapes.tsv
    bad 2 "--strategy and --target exclude each other" -s all -t disc=3 shapes.tsv
    bad 2 "--split and --all-splits exclude each other" --split a --all-splits shapes.tsv
    bad 2 "--dry-run and --output exclude each other" -n -o x shapes.tsv
    bad 2 "--random has no meaning for --method under" -m under --random shapes.tsv
    bad 2 "--max-repeats has no meaning for --method nearmiss-1" -m nearmiss-1 --max-repeats 2 shapes.tsv
    bad 2 "--target has no meaning for --method enn" -m enn -t disc=3 shapes.tsv
    bad 2 "--total has no meaning for --method tomek" -m tomek -N 10 shapes.tsv
    bad 2 "--neighbours has no meaning for --method oss" -m oss -k 3 shapes.tsv
    bad 2 "--agreement: 'some' is none of all, mode" -m enn --agreement some shapes.tsv
    bad 2 "--neighbours: -2 is not 1 or more" -m enn -k -2 shapes.tsv
    bad 2 "--strategy: unknown strategy 'power:0.5'" -m enn -s power:0.5 shapes.tsv
    bad 2 "--space and --columns: rows are chosen by chance" --space pixels shapes.tsv
    bad 2 "--space: 'sound' is not pixels" -m enn --space sound shapes.tsv
    bad 2 "--as weight is for --method random, over and under" -m enn --as weight shapes.tsv
    bad 2 "--compat: 'sklearn' is none of imblearn" --compat sklearn shapes.tsv
    bad 2 "--compat imblearn always draws at random" --compat imblearn --random shapes.tsv
    bad 2 "random numbers begin from a number below 2^32" --compat imblearn --seed 4294967296 shapes.tsv
    bad 2 "--shrinkage makes new values: for columns of feature tables" --shrinkage 1 shapes.tsv
    bad 2 "--voting soft makes new values" -m centroids --voting soft shapes.tsv
    bad 2 "--shrinkage: no class 'cat', there are: disc" --shrinkage cat=1 shapes.tsv
    bad 2 "a DATASET.npy and --labels FILE.npy go together" x.npy
    bad 2 "a DATASET.npy and --labels FILE.npy go together" --labels y.npy shapes.tsv
    bad 2 "rows of an array go to one: -o FILE.npy" --labels y.npy x.npy
    bad 2 "a table goes to a table" -o x.npy shapes.tsv
    bad 2 "--random is about rows that are repeated" --as weight --random shapes.tsv
    bad 2 "--as: 'lines' is none of rows, repeat, weight" --as lines shapes.tsv
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

@test "empty tables are refused" {
    printf 'file_name\tlabel\n' >empty.tsv
    bad 1 "empty.tsv: 0 classes with rows" empty.tsv
    bad 1 "empty.tsv: 0 classes with rows" -m enn empty.tsv
    bad 1 "empty.tsv: 0 classes with rows" -m centroids empty.tsv
}
