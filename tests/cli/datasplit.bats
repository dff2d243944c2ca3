#!/usr/bin/env bats
# datasplit: exact totals, whole groups, rows kept, and what is refused.

load helper

# column NAME FILE: the fields of one column, without the header.
column() {
    awk -F'\t' -v name="$1" 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == name) at = i; next }
                             { print $at }' "$2"
}

# bad STATUS MESSAGE ARGUMENT...
bad() {
    local expected=$1 message=$2
    shift 2
    run -"$expected" --separate-stderr datasplit "$@"
    [ -z "$output" ] || fail "printed on stdout: $output"
    stderr_has "$message"
}

# The sheet's cells as a manifest: ten classes of twenty.
digits() {
    printf 'file_name\tx\ty\twidth\theight\tlabel\n'
    for y in {0..9}; do
        for x in {0..19}; do
            printf 'sheet.png\t%d\t%d\t20\t20\t%d\n' $((x * 20)) $((y * 20)) "$y"
        done
    done
}

@test "rows stay as they are and in order, with a split behind" {
    datasplit shapes.tsv >split.tsv
    [ "$(head -1 split.tsv)" = $'file_name\tlabel\tgroup\tsplit' ]
    cut -f1-3 split.tsv >kept.tsv
    same kept.tsv shapes.tsv
    [ "$(column split split.tsv | sort -u | paste -sd' ')" = "test train val" ]
}

@test "totals are exact and classes in proportion" {
    digits | datasplit --ratios train=0.6,val=0.2,test=0.2 >split.tsv
    [ "$(column split split.tsv | sort | uniq -c | awk '{ print $2 "=" $1 }' | paste -sd,)" = \
        "test=40,train=120,val=40" ]
    paste <(column label split.tsv) <(column split split.tsv) | sort | uniq -c |
        awk '{ want = $3 == "train" ? 12 : 4; if ($1 != want) exit 1; n++ } END { exit n != 30 }'
}

@test "groups stay whole" {
    datasplit shapes.tsv >split.tsv
    paste <(column group split.tsv) <(column split split.tsv) | sort -u >pairs
    [ "$(wc -l <pairs)" -eq "$(cut -f1 pairs | sort -u | wc -l)" ]
    datasplit --no-groups shapes.tsv >split.tsv
    paste <(column group split.tsv) <(column split split.tsv) | sort -u >pairs
    [ "$(wc -l <pairs)" -gt "$(cut -f1 pairs | sort -u | wc -l)" ]
}

@test "a group column of another name" {
    digits | datasplit --group x --ratios a=50,b=50 >split.tsv
    paste <(column x split.tsv) <(column split split.tsv) | sort -u >pairs
    [ "$(wc -l <pairs)" -eq 20 ]
    [ "$(column split split.tsv | grep -c a)" -eq 100 ]
}

@test "the seed decides" {
    digits >digits.tsv
    datasplit digits.tsv >a
    datasplit --seed 0 digits.tsv >b
    datasplit --seed 1 digits.tsv >c
    same a b
    run -1 cmp -s a c
}

@test "sizes are said on standard error, unless --quiet" {
    run -0 --separate-stderr datasplit --no-groups shapes.tsv
    stderr_has "train 30 rows (71.4 %), val 6 rows (14.3 %), test 6 rows (14.3 %)"
    run -0 --separate-stderr datasplit -q --no-groups --ratios a=50,b=50 shapes.tsv
    [ -z "$stderr" ]
}

@test "a class that a split lacks is warned of" {
    printf 'label\na\na\na\na\na\na\na\nb\n' >m.tsv
    run -0 --separate-stderr datasplit --ratios train=0.5,test=0.5 m.tsv
    stderr_has "has no row of 1 class, such as 'b' (1 row in all)"
}

@test "an earlier split is not replaced unasked" {
    datasplit shapes.tsv >split.tsv
    run -1 --separate-stderr datasplit split.tsv
    stderr_has "split.tsv: has a split column already; --resplit replaces it"
    [ -z "$output" ]
    datasplit --resplit split.tsv >again.tsv
    same split.tsv again.tsv
}

@test "unlabelled manifests need --no-stratify" {
    printf 'file_name\na\nb\nc\nd\n' >m.tsv
    run -1 --separate-stderr datasplit m.tsv
    stderr_has "m.tsv:1: no column 'label'; --label COLUMN names that of the classes, --no-stratify splits without"
    run -0 --separate-stderr datasplit --no-stratify --ratios a=50,b=50 m.tsv
    [ "$(grep -c a$ <<<"$output")" -eq 2 ]
}

@test "output in another folder names the same files" {
    mkdir out
    datasplit -q -o out/split.tsv shapes.tsv
    (cd out && column file_name split.tsv | xargs ls >/dev/null)
    [ "$(column file_name out/split.tsv | head -1)" = "../shapes/disc/disc-01.png" ]
    datasplit -q shapes >out/redirected.tsv
    (cd out && column file_name redirected.tsv | xargs ls >/dev/null)
}

@test "a redirected file is at home in its folder, a pipe in the working folder" {
    mkdir out
    (cd out && datasplit -q <../shapes.tsv >redirected.tsv)
    [ "$(column file_name out/redirected.tsv | head -1)" = "../shapes/disc/disc-01.png" ]
    (cd out && cat ../shapes.tsv | datasplit -q >piped.tsv)
    [ "$(column file_name out/piped.tsv | head -1)" = "shapes/disc/disc-01.png" ]
    datasplit -q <(cat shapes.tsv) | cat >substituted.tsv
    [ "$(column file_name substituted.tsv | head -1)" = "shapes/disc/disc-01.png" ]
}

@test "the input may be the output" {
    datasplit -q --force -o shapes.tsv shapes.tsv
    [ "$(wc -l <shapes.tsv)" -eq 43 ]
    [ "$(head -1 shapes.tsv)" = $'file_name\tlabel\tgroup\tsplit' ]
}

@test "names with tabs and newlines pass" {
    mkdir -p odd/cat
    touch $'odd/cat/a\tb\nc.png' odd/cat/d.png
    run -0 --separate-stderr datasplit --ratios a=50,b=50 odd
    output_has 'odd/cat/a\tb\nc.png'
    [ "${#lines[@]}" -eq 3 ]
}

@test "existing files stay without --force" {
    echo old >out.tsv
    run -1 --separate-stderr datasplit -o out.tsv shapes.tsv
    stderr_has "out.tsv: exists already; --force replaces it"
    [ "$(cat out.tsv)" = old ]
    datasplit -q --force -o out.tsv shapes.tsv
    [ "$(wc -l <out.tsv)" -eq 43 ]
    no_leftovers .
}

@test "a full disk is an error and leaves nothing" {
    run -1 --separate-stderr bash -c 'datasplit shapes.tsv >/dev/full'
    stderr_has "cannot be written: No space left on device"
    small_tmpfs disk 16k
    awk 'NR == 1 { print; next } { row[n++] = $0 }
         END { for (i = 0; i < 2000 * n; i++) print row[i % n] }' shapes.tsv >large.tsv
    run -1 --separate-stderr datasplit -o disk/out.tsv large.tsv
    stderr_has "disk/out.tsv: cannot be written: No space left on device"
    [ -z "$(ls -A disk)" ]
}

@test "residuals are said and listed" {
    printf 'label\tgroup\n' >m.tsv
    printf 'a\tg\na\tg\na\tg\nb\tg\nb\th\n\\N\th\n' >>m.tsv
    run -0 --separate-stderr datasplit -r x=.5,y=.5 --residuals r.tsv m.tsv
    stderr_has "furthest from its share: split 'x' has 3 rows of a, 1.5 are its share"
    same r.tsv <(
        printf 'split\tclass\trows\twanted\tdeviation\n'
        printf 'x\t(all)\t4\t3\t1\ny\t(all)\t2\t3\t-1\n'
        printf 'x\ta\t3\t1.5\t1.5\ny\ta\t0\t1.5\t-1.5\nx\tb\t1\t1\t0\ny\tb\t1\t1\t0\n'
        printf 'x\t(unlabelled)\t0\t0.5\t-0.5\ny\t(unlabelled)\t1\t0.5\t0.5\n'
    )
    run -1 --separate-stderr datasplit -r x=.5,y=.5 --residuals r.tsv m.tsv
    stderr_has "r.tsv: exists already"
    [ -z "$output" ]
    datasplit -q --no-groups -k 2 --repeats 2 --residuals r.tsv --force m.tsv
    [ "$(head -2 r.tsv | tail -1)" = $'1\t1\t(all)\t3\t3\t0' ]
}

@test "one class, classes of one row, odd names, more classes than rows" {
    printf 'label\na\na\na\na\n' >one.tsv
    run -0 --separate-stderr datasplit -r x=50,y=50 one.tsv
    [ "$stderr" = "datasplit: x 2 rows (50.0 %), y 2 rows (50.0 %)" ]
    printf 'label\na b\n😀\nc\\td\n😀\n' >odd.tsv
    run -0 --separate-stderr datasplit -r x=50,y=50 odd.tsv
    same <(echo "$output" | cut -f1) odd.tsv
    [ "$(echo "$output" | grep -c '^😀.x$')" -eq 1 ]
    stderr_has "has no row of 1 class, such as"
    cp one.tsv listed.tsv
    printf '%s\n' {a..z} >classes.txt
    run -0 --separate-stderr datasplit -r x=50,y=50 listed.tsv
    [ "$stderr" = "datasplit: x 2 rows (50.0 %), y 2 rows (50.0 %)" ]
}

@test "splits and folds without rows" {
    printf 'label\na\nb\n' >two.tsv
    run -0 --separate-stderr datasplit two.tsv
    stderr_has "warning: split 'test' has no row"
    printf 'label\n' >none.tsv
    run -0 --separate-stderr datasplit none.tsv
    [ "$output" = $'label\tsplit' ]
    stderr_has "warning: split 'train' has no row"
    bad 1 "--folds 3: there are 2 rows or groups of rows" --folds 3 two.tsv
    labels=$(column label shapes.tsv | sort -u | wc -l)
    bad 1 "--folds 9: there are $labels rows or groups of rows" --folds 9 --group label shapes.tsv
    bad 1 "--counts: counts add up to 3, there are 2 rows" --counts a=3,b=rest two.tsv
}

@test "every one of several labels is split in proportion" {
    awk 'BEGIN { print "file_name\tlabels"
                 for (i = 0; i < 400; i++)
                     print i "\t" (i % 2 ? "a" : "b") (i % 3 ? "" : ";c") (i % 7 ? "" : ";d") }' >m.tsv
    datasplit -q --multi-label -r x=75,y=25 --residuals r.tsv m.tsv >split.tsv
    [ "$(cut -f2 r.tsv | sort -u | paste -sd' ')" = "(all) a b c class d" ]
    awk -F'\t' 'NR > 1 && ($5 > 1 || $5 < -1) { exit 1 }' r.tsv
    tail -n +2 split.tsv | awk -F'\t' '$3 == "y" && $2 ~ /d/' | wc -l | grep -Eqx '1[345]'
    datasplit --only x --multi-label -k 3 split.tsv >folds.tsv
    [ "$(column fold folds.tsv | sizes)" = '1=100,2=100,3=100,\N=100' ]
}

# keys N: a manifest of N rows with labels.
keys() {
    printf 'file_name\tlabel\n'
    for ((i = 0; i < $1; i++)); do printf 'p/%d.png\tc%d\n' "$i" $((i % 3)); done
}

@test "a hash split does not change when rows are added" {
    keys 200 >few.tsv
    keys 600 >many.tsv
    datasplit -q --hash few.tsv >few.split
    datasplit -q --hash many.tsv | head -201 >many.split
    same few.split many.split
    datasplit -q --hash --seed 1 few.tsv >other.split
    run -1 cmp -s few.split other.split
    datasplit -q --hash -k 3 many.tsv >folds.tsv
    [ "$(column fold folds.tsv | sort -u | paste -sd' ')" = "1 2 3" ]
    column fold folds.tsv | sort | uniq -c | awk '$1 < 150 || $1 > 250 { exit 1 }'
}

@test "a hash split keeps keys together" {
    datasplit -q --hash shapes.tsv >split.tsv
    paste <(column group split.tsv) <(column split split.tsv) | sort -u >pairs
    [ "$(wc -l <pairs)" -eq "$(cut -f1 pairs | sort -u | wc -l)" ]
    datasplit -q --hash --key label shapes.tsv >split.tsv
    paste <(column label split.tsv) <(column split split.tsv) | sort -u >pairs
    [ "$(wc -l <pairs)" -eq "$(cut -f1 pairs | sort -u | wc -l)" ]
}

@test "locked rows stay, new ones bring the shares in order" {
    keys 100 >few.tsv
    keys 200 >many.tsv
    datasplit -q -r train=80,test=20 few.tsv >old.tsv
    run -0 --separate-stderr datasplit -r train=70,test=30 --lock old.tsv many.tsv
    echo "$output" >new.tsv
    stderr_has "100 rows stay as in old.tsv, 100 are new, 0 of it are gone"
    same old.tsv <(head -101 new.tsv)
    [ "$(column split new.tsv | sizes)" = "test=60,train=140" ]
    head -50 few.tsv >fewer.tsv
    run -0 --separate-stderr datasplit --lock old.tsv -r train=80,test=20 fewer.tsv
    stderr_has "49 rows stay as in old.tsv, 0 are new, 51 of it are gone"
    same <(echo "$output") <(head -50 old.tsv)
    datasplit -q --hash --lock old.tsv -r train=80,test=20 many.tsv >hash.tsv
    same old.tsv <(head -101 hash.tsv)
    datasplit -q -k 4 few.tsv >folds.tsv
    datasplit -q -k 4 --lock folds.tsv many.tsv >more.tsv
    same folds.tsv <(head -101 more.tsv)
    [ "$(column fold more.tsv | sizes)" = "1=50,2=50,3=50,4=50" ]
}

@test "groups of locked rows go along, files are known from other folders" {
    datasplit -q shapes.tsv >all.tsv
    mkdir out
    awk -F'\t' 'NR == 1 || $4 == "val"' all.tsv | datasplit -q --only val -r val=1 -o out/old.tsv
    [ "$(tail -1 out/old.tsv | cut -c-3)" = ../ ]
    datasplit -q --seed 5 --lock out/old.tsv shapes.tsv >new.tsv
    cut -f3- out/old.tsv | tail -n +2 | sort -u >old.pairs
    [ "$(wc -l <old.pairs)" -ge 2 ]
    cut -f3- new.tsv | sort -u >new.pairs
    [ -z "$(comm -23 old.pairs new.pairs)" ]
    [ "$(wc -l <new.pairs)" -eq "$(cut -f1 new.pairs | sort -u | wc -l)" ]
}

# overlapping: a sheet of 32x32 regions every 16 pixels.
overlapping() {
    printf 'file_name\tx\ty\twidth\theight\n'
    for y in {0..10}; do
        for x in {0..22}; do printf 'sheet.png\t%d\t%d\t32\t32\n' $((x * 16)) $((y * 16)); done
    done
}

# nearest: the smallest distance of regions of two different splits; columns 2-5 and 6.
nearest() {
    awk -F'\t' 'NR > 1 && $6 != "gap" { n++; x[n] = $2; y[n] = $3; s[n] = $6 }
        END { least = 999
              for (i = 1; i <= n; i++) for (j = 1; j < i; j++) if (s[i] != s[j]) {
                  dx = x[i] - x[j]; dy = y[i] - y[j]
                  if (dx < 0) dx = -dx; if (dy < 0) dy = -dy
                  d = (dx > dy ? dx : dy) - 32
                  if (d < least) least = d }
              print least }' "$1"
}

@test "blocks keep overlapping regions of two splits apart" {
    overlapping >m.tsv
    run -0 --separate-stderr datasplit --no-stratify -r a=50,b=50 --blocks 80 --gap 10 m.tsv
    echo "$output" >split.tsv
    [[ $stderr =~ "blocks; in no split: "([0-9]+)" rows across a border and "([0-9]+)" in the gap" ]]
    [ "$((BASH_REMATCH[1] + BASH_REMATCH[2]))" -eq "$(grep -c gap split.tsv)" ]
    [ "$(nearest split.tsv)" -ge 10 ]
    [ "$(grep -vc gap split.tsv)" -gt 80 ]
    datasplit -q --no-stratify -r a=50,b=50 --blocks 80 --gap 10 --drop-gap m.tsv >kept.tsv
    same kept.tsv <(grep -v gap split.tsv)
    datasplit -q --no-stratify -r a=50,b=50 --blocks 80 m.tsv >touching.tsv
    [ "$(nearest touching.tsv)" -ge 0 ]
    [ "$(grep -c gap touching.tsv)" -lt "$(grep -c gap split.tsv)" ]
}

@test "blocks of folds, of tile files, and with groups" {
    overlapping >m.tsv
    datasplit -q --no-stratify -k 3 --blocks 80 m.tsv >folds.tsv
    [ "$(column fold folds.tsv | sort -u | paste -sd' ')" = '1 2 3 \N' ]
    datasplit -q --no-stratify -k 3 --blocks 80 --fold 1 m.tsv >fold.tsv
    [ "$(nearest fold.tsv)" -ge 0 ]
    [ "$(grep -c gap fold.tsv)" -lt "$(grep -c 'N$' folds.tsv)" ]
    tile -q -s 40 --overlap 20 -o tiles sheet.png
    datasplit -q --no-stratify -r a=50,b=50 --blocks 100 tiles >tiles.tsv
    [ "$(column split tiles.tsv | sort -u | paste -sd' ')" = "a b gap" ]
    datasplit -q --no-stratify -r a=50,b=50 --blocks 80 --group file_name m.tsv >one.tsv
    [ "$(column split one.tsv | sort -u | wc -l)" -eq 1 ]
}

# sizes: how often each value stands in the lines, "a=3,b=4".
sizes() {
    sort -V | uniq -c | awk '{ print $2 "=" $1 }' | paste -sd,
}

@test "counts are met, the rest goes where it is told" {
    digits >digits.tsv
    datasplit --counts test=31,val=10,train=rest digits.tsv >split.tsv
    [ "$(column split split.tsv | sizes)" = "test=31,train=159,val=10" ]
    run -1 --separate-stderr datasplit --counts a=150,b=51 digits.tsv
    stderr_has "--counts: counts add up to 201, there are 200 rows"
    run -1 --separate-stderr datasplit --counts a=150,b=49 digits.tsv
    stderr_has "199, there are 200 rows; NAME=rest takes what is left"
}

@test "folds are of one size, and each holds its part of every class" {
    digits >digits.tsv
    datasplit --folds 5 digits.tsv >folds.tsv
    [ "$(column fold folds.tsv | sizes)" = "1=40,2=40,3=40,4=40,5=40" ]
    [ "$(paste -d: <(column label folds.tsv) <(column fold folds.tsv) | sort | uniq -c |
        awk '{ print $1 }' | sort -u)" = 4 ]
    [ "$(head -1 folds.tsv)" = $'file_name\tx\ty\twidth\theight\tlabel\tfold' ]
}

@test "a fold is held out, from a column of folds or at once" {
    digits >digits.tsv
    datasplit --folds 5 --seed 3 digits.tsv >folds.tsv
    datasplit --fold 2 folds.tsv >late.tsv
    datasplit --folds 5 --seed 3 --fold 2 digits.tsv >once.tsv
    paste <(column fold folds.tsv) <(column split late.tsv) | sort -u >pairs
    same pairs <(printf '1\ttrain\n2\tval\n3\ttrain\n4\ttrain\n5\ttrain\n')
    same <(column split late.tsv) <(column split once.tsv)
}

@test "repeats are columns, and one of them can be held out" {
    digits >digits.tsv
    datasplit --folds 4 --repeats 3 digits.tsv >folds.tsv
    [ "$(head -1 folds.tsv | cut -f7-)" = $'fold_1\tfold_2\tfold_3' ]
    datasplit --folds 4 digits.tsv >one.tsv
    same <(column fold one.tsv) <(column fold_1 folds.tsv)
    run -1 cmp -s <(column fold_2 folds.tsv) <(column fold_3 folds.tsv)
    [ "$(column fold_3 folds.tsv | sizes)" = "1=50,2=50,3=50,4=50" ]
    datasplit --fold 1 --repeat 3 folds.tsv >late.tsv
    datasplit --folds 4 --repeats 3 --fold 1 --repeat 3 digits.tsv >once.tsv
    same <(column split late.tsv) <(column split once.tsv)
    datasplit --repeats 2 digits.tsv >splits.tsv
    [ "$(head -1 splits.tsv | cut -f7-)" = $'split_1\tsplit_2' ]
}

@test "every group is left out once" {
    datasplit --leave-one-group-out shapes.tsv >folds.tsv
    paste <(column group folds.tsv) <(column fold folds.tsv) | sort -u >pairs
    [ "$(wc -l <pairs)" -eq "$(column group shapes.tsv | sort -u | wc -l)" ]
    [ "$(cut -f2 pairs | sort -u | wc -l)" -eq "$(wc -l <pairs)" ]
    [ "$(cut -f2 pairs | sort -n | tail -1)" -eq "$(wc -l <pairs)" ]
    datasplit --leave-one-group-out --no-groups shapes.tsv >folds.tsv
    [ "$(column fold folds.tsv | sort -un | wc -l)" -eq 42 ]
}

@test "only the rows of one split are dealt" {
    digits | datasplit --counts test=40,train=rest >split.tsv
    datasplit --only train --folds 4 split.tsv >folds.tsv
    [ "$(column fold folds.tsv | sizes)" = '1=40,2=40,3=40,4=40,\N=40' ]
    same <(column split split.tsv) <(column split folds.tsv)
    datasplit --fold 1 folds.tsv --only train >fold.tsv
    [ "$(column split fold.tsv | sizes)" = "test=40,train=120,val=40" ]
    same <(grep -n $'\ttest' split.tsv | cut -f-6) <(grep -n $'\ttest' fold.tsv | cut -f-6)
    datasplit --only train --ratios train=.75,val=.25 split.tsv >three.tsv
    [ "$(column split three.tsv | sizes)" = "test=40,train=120,val=40" ]
    run -1 --separate-stderr datasplit --only dev split.tsv
    stderr_has "split.tsv: no row of split 'dev'"
    run -1 --separate-stderr datasplit --folds 4 split.tsv
    stderr_has "--only SPLIT deals the rows of one split"
}

@test "groups of several columns are joined" {
    {
        printf 'label\tgroup\tdup_group\n'
        for i in {1..30}; do
            printf 'a\tg%d\t%s\n' "$i" "$([ $((i % 3)) = 0 ] && echo '\N' || echo "d$((i / 3))")"
        done
    } >m.tsv
    datasplit -q --ratios a=50,b=50 m.tsv >split.tsv
    paste <(column dup_group split.tsv) <(column split split.tsv) | grep -v '^.N' | sort -u >pairs
    [ "$(wc -l <pairs)" -eq "$(cut -f1 pairs | sort -u | wc -l)" ]
    datasplit -q --group group --group dup_group --ratios a=50,b=50 m.tsv >again.tsv
    same split.tsv again.tsv
    datasplit -q --group group --ratios a=50,b=50 m.tsv >apart.tsv
    paste <(column dup_group apart.tsv) <(column split apart.tsv) | grep -v '^.N' | sort -u >pairs
    [ "$(wc -l <pairs)" -gt "$(cut -f1 pairs | sort -u | wc -l)" ]
}

@test "bad options end with 2" {
    bad 2 "--folds 1: a number from 2 to 64 was expected" --folds 1 shapes.tsv
    bad 2 "--folds 0: a number from 2 to 64 was expected" --folds 0 shapes.tsv
    bad 2 "--repeats 0: a number from 1 to 1000 was expected" --repeats 0 shapes.tsv
    bad 2 "--folds has no use for --ratios or --counts" --folds 3 -r a=1 shapes.tsv
    bad 2 "--ratios and --counts exclude each other" -r a=1 -n a=42 shapes.tsv
    bad 2 "--leave-one-group-out has no use for" --leave-one-group-out --folds 3 shapes.tsv
    bad 2 "--repeat needs --fold" --folds 3 --repeat 2 shapes.tsv
    bad 2 "--repeat is more than --repeats" --folds 3 --fold 1 --repeats 2 --repeat 3 shapes.tsv
    bad 2 "--residuals are those of shares" --residuals r --fold 1 shapes.tsv
    bad 2 "--gap and --drop-gap need --blocks" --gap 3 shapes.tsv
    bad 2 "--gap -1: a number from 0 to 1000000" --blocks 10 --gap -1 shapes.tsv
    bad 2 "--blocks" --blocks 0 shapes.tsv
    bad 2 "--key needs --hash" --key a shapes.tsv
    bad 2 "--hash keeps shares, not --counts" --hash -n a=42 shapes.tsv
    bad 2 "--hash keeps rows of one --key together" --hash --group group shapes.tsv
    bad 2 "neither --hash nor --lock" --hash --compat sklearn -k 2 shapes.tsv
    bad 2 "--lock and --repeats exclude each other" --lock shapes.tsv --repeats 2 shapes.tsv
    bad 2 "--multi-label and --no-stratify exclude" --multi-label --no-stratify shapes.tsv
    bad 2 "have no use for --multi-label" --multi-label --hash shapes.tsv
    bad 2 "--compat 'torch': sklearn was expected" --compat torch -k 3 shapes.tsv
    bad 2 "--compat sklearn needs --folds, --ratios or --counts" --compat sklearn shapes.tsv
    bad 2 "divides into two splits" --compat sklearn -r a=50,b=25,c=25 shapes.tsv
    bad 2 "by classes and groups at once" --compat sklearn -r a=50,b=50 shapes.tsv
    bad 2 "--no-shuffle needs --compat sklearn" --no-shuffle shapes.tsv
    bad 2 "is below 2^32" --compat sklearn -k 3 --seed 4294967296 shapes.tsv
    bad 2 "--counts: 'a': NAME=COUNT such as test=1000" -n a shapes.tsv
    bad 2 "--ratios: shares add up to 0.9, 1 (or 100) was expected" -r a=.5,b=.4 shapes.tsv
    bad 2 "--ratios: 'train': NAME=SHARE such as train=0.7 was expected" -r train shapes.tsv
    bad 2 "--ratios: b: share -1 is not above 0" -r a=2,b=-1 shapes.tsv
    bad 2 "--ratios: split 'a' is there twice" -r a=.5,a=.5 shapes.tsv
    bad 2 "--group and --no-groups exclude each other" --group g --no-groups shapes.tsv
    bad 2 "--label and --no-stratify exclude each other" --label l --no-stratify shapes.tsv
}

@test "bad input ends with 1" {
    printf 'file_name\tlabel\na\tx\nb\n' >fields.tsv
    printf 'file_name\tlabel\tparent_b\na\tx\t\\N\nb\tx\ta\n' >synthetic.tsv
    bad 1 "fields.tsv:3: 1 field, the header has 2" fields.tsv
    bad 1 "synthetic.tsv:3: synthetic row" synthetic.tsv
    bad 1 "shapes.tsv:1: no column 'patient'" --group patient shapes.tsv
    bad 1 "absent.tsv: cannot be read" absent.tsv
    printf 'label\na\na\na\nb\n\\N\n' >few.tsv
    bad 1 "rows without a label, which scikit-learn does not take" --compat sklearn -k 2 few.tsv
    sed -i 6d few.tsv
    bad 1 "a class of one row" --compat sklearn -r a=50,b=50 few.tsv
    bad 1 "4 folds, the largest class has 3 rows" --compat sklearn -k 4 few.tsv
    bad 1 "5 folds of 4 rows" --compat sklearn -k 5 few.tsv
    bad 1 "a side is empty" --compat sklearn -n a=4,b=rest --no-stratify few.tsv
    bad 1 "--blocks: shapes.tsv:1: no column 'x'" --blocks 80 shapes.tsv
    printf 'file_name\tx\ty\twidth\theight\na\t0\t0\t20\t20\nb\t\\N\t\\N\t\\N\t\\N\n' >whole.tsv
    bad 1 "whole.tsv:3: --blocks: a picture and a region of it were expected" \
        --no-stratify --blocks 80 whole.tsv
    bad 1 "whole.tsv:2: --blocks: a region of 20x20, larger than a block less the gap" \
        --no-stratify --blocks 30 --gap 11 whole.tsv
    bad 1 "shapes.tsv:1: no column 'split'" --lock shapes.tsv shapes.tsv
    printf 'file_name\tgroup\tsplit\na\tg\ttrain\nb\tg\ttest\na\tg\tdev\n' >old.tsv
    bad 1 "old.tsv:4: 'dev' is not among what is dealt: train, val, test" --lock old.tsv shapes.tsv
    sed -i '4s/dev/val/' old.tsv
    bad 1 "old.tsv:4: the same row was in 'train' before" --lock old.tsv shapes.tsv
    sed -i 4d old.tsv
    cut -f1,2 old.tsv >new.tsv
    bad 1 "new.tsv:3: of one group with new.tsv:2, but they are 'test' and 'train' in old.tsv" \
        --no-stratify --lock old.tsv new.tsv
    bad 1 "rows of key 'g' are locked to 'train' and to 'test'" --hash --lock old.tsv new.tsv
    printf 'label\na\n' >nameless.tsv
    bad 1 "nameless.tsv: neither a column group nor file_name; --key" --hash nameless.tsv
    bad 1 "nameless.tsv:2: --lock knows rows by their id or file_name" --lock old.tsv nameless.tsv
    bad 1 "--fold 4: there are 3 folds" --folds 3 --fold 4 shapes.tsv
    bad 1 "--fold without --folds K takes the folds of the input: " --fold 1 shapes.tsv
    printf 'fold\n1\n0\n' >folds.tsv
    bad 1 "folds.tsv:3: fold '0', a whole number from 1 on was expected" --fold 1 folds.tsv
}
