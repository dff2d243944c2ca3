#!/usr/bin/env bats
# smote: rows that are made, of tables, arrays and pictures, and what is refused.

load helper

# counts FILE COLUMN: "class=count,..." of a column.
counts() {
    tail -n +2 "$1" | cut -f"$2" | sort | uniq -c | awk '{ print $2 "=" $1 }' | paste -sd,
}

# table: a.tsv, 40 rows of class a and 8 of class b, b between 10 and 11 in both features.
table() {
    awk 'BEGIN {
        srand(3); print "name\tlabel\tp\tq"
        for (i = 0; i < 40; i++) printf "n%d\ta\t%.6f\t%.6f\n", i, 9 + 3 * rand(), 9 + 3 * rand()
        for (i = 0; i < 8; i++) printf "m%d\tb\t%.6f\t%.6f\n", i, 10 + rand(), 10 + rand()
    }' >a.tsv
}

@test "new rows of a table lie between rows of their class, behind those that there were" {
    table
    run -0 --separate-stderr smote a.tsv
    stderr_has "rows 48 -> 80 (a 40, b 8 + 32 of 32)"
    echo "$output" >out.tsv
    head -49 out.tsv | cmp - a.tsv
    [ "$(counts out.tsv 2)" = "a=40,b=40" ]
    tail -32 out.tsv | awk -F'\t' '
        $3 < 10 || $3 > 11 || $4 < 10 || $4 > 11 || $1 !~ /^m/ { exit 1 }'
    # every base as often as the others
    [ "$(tail -32 out.tsv | cut -f1 | sort | uniq -c | awk '{ print $1 }' | sort -u)" = 4 ]
}

@test "--parents says what each new row was made of, exactly" {
    table
    smote -q --seed 5 --parents p.tsv a.tsv >out.tsv
    [ "$(head -1 p.tsv)" = $'row\tparent_a\tparent_b\tlambda' ]
    [ "$(sed 1d p.tsv | cut -f1 | paste -sd,)" = "$(seq -s, 48 79)" ]
    awk -F'\t' 'NR == FNR { p[FNR - 2] = $3; next }
        FNR > 1 { x = p[$2] + $4 * (p[$3] - p[$2]); d = x - p[$1]
                  if (d > 1e-9 || d < -1e-9 || $2 < 40 || $3 < 40) exit 1 }' out.tsv p.tsv
}

@test "the same bytes for any number of threads, in every space" {
    texture -q -f first_order shapes.tsv >t.tsv
    for how in "--space pixels" "--space pca:4" "--space columns" "-K borderline-2" "-K adasyn"; do
        # shellcheck disable=SC2086  # words
        smote -q -j 1 $how t.tsv >one.tsv
        # shellcheck disable=SC2086
        smote -q -j 4 $how t.tsv >four.tsv
        same one.tsv four.tsv
        run -1 cmp -s one.tsv t.tsv
    done
    smote -q --seed 1 t.tsv >seed.tsv
    run -1 cmp -s seed.tsv one.tsv
    for kind in svm kmeans safe-level eos; do
        clusters=()
        [ $kind != kmeans ] || clusters=(--clusters 2 --cluster-threshold 0.05)
        smote -q -j 1 -K $kind "${clusters[@]}" t.tsv >one.tsv
        smote -q -j 4 -K $kind "${clusters[@]}" t.tsv >four.tsv
        same one.tsv four.tsv
        [ "$(counts one.tsv 2)" = "disc=24,square=24,triangle=24" ]
    done
    clusters=(-K kmeans --clusters 2 --cluster-threshold 0.05 --compat imblearn)
    smote -q -j 1 "${clusters[@]}" t.tsv >one.tsv
    smote -q -j 4 "${clusters[@]}" t.tsv | cmp - one.tsv
}

@test "pictures are mixed when they are loaded, or written with the same pixels" {
    smote -q --target square=15 shapes.tsv >out.tsv
    [ "$(head -1 out.tsv)" = $'file_name\tlabel\tgroup\tparent_b\tlambda' ]
    [ "$(wc -l <out.tsv)" -eq 46 ]
    sed 1d out.tsv | head -42 | cut -f1-3 >originals
    sed 1d shapes.tsv | cmp - originals
    [ "$(tail -3 out.tsv | cut -f2 | sort -u)" = square ]
    smote -q --target square=15 -o made shapes.tsv
    [ "$(wc -l <made/manifest.tsv)" -eq 46 ]
    [ "$(find made -name '*.png' | wc -l)" -eq 3 ]
    texture -q -f first_order out.tsv | tail -3 | cut -f6- >virtual
    texture -q -f first_order made/manifest.tsv | tail -3 | cut -f4- >files
    same virtual files
    classstats made/manifest.tsv >/dev/null
    train -q --epochs 1 -o run out.tsv
}

@test "a manifest written elsewhere names its parents from there" {
    mkdir sub
    smote -q --target square=15 -o sub/out.tsv shapes.tsv
    [[ $(tail -1 sub/out.tsv | cut -f4) == ../shapes/square/* ]]
    texture -q -f first_order sub/out.tsv >/dev/null
    awk -F'\t' 'BEGIN { OFS = FS } NR == 1 { print "id", $0; next } { print "r" NR, $0 }' \
        shapes.tsv >ids.tsv
    smote -q --target square=15 -o sub/ids.tsv ids.tsv
    [[ $(tail -1 sub/ids.tsv | cut -f1,5) =~ ^r[0-9]+~3.r[0-9]+$ ]]
    texture -q -f first_order sub/ids.tsv >/dev/null
}

@test "only training rows are used and grow" {
    datasplit -q --no-groups shapes.tsv >split.tsv
    smote -q split.tsv >out.tsv
    grep -v $'\ttrain' split.tsv >rest
    grep -v $'\ttrain' out.tsv | cut -f1-4 | sed '1s/.*/file_name\tlabel\tgroup\tsplit/' |
        cmp - rest
    grep -P '\ttrain\t(?!\\N)' out.tsv | cut -f1 >bases
    grep -v $'\ttrain$' split.tsv | cut -f1 >others
    cut -f5 out.tsv >parents
    run ! grep -xFf others bases
    run ! grep -xFf others parents
    sed '1!s/\ttrain$/\tother/' split.tsv >none.tsv
    run -1 --separate-stderr smote none.tsv
    stderr_has "no row has the split 'train'; there are: test, other, val; --split NAME"
    smote -q --split other none.tsv >/dev/null
    smote -q --all-splits split.tsv | cut -f2 >labels
    [ "$(grep -c disc labels)" = "$(grep -c triangle labels)" ]
}

@test "small classes: fewer neighbours, or repetition, and both are said" {
    table
    head -44 a.tsv >three.tsv
    run -0 --separate-stderr smote three.tsv
    stderr_has "class 'b' has 3 rows: 2 neighbours are used instead of 5"
    head -42 a.tsv >one.tsv
    run -0 --separate-stderr smote one.tsv
    stderr_has "class 'b' has one row, which is repeated"
    echo "$output" >out.tsv
    [ "$(tail -39 out.tsv | sort -u | wc -l)" -eq 1 ]
    [ "$(counts out.tsv 2)" = "a=40,b=40" ]
    run -0 --separate-stderr smote -K borderline-1 -m 99 a.tsv
    stderr_has "--m-neighbours: 47 instead of 99, there are 48 rows"
}

@test "a text among the numbers of a column is named, for the column is then no feature" {
    table
    sed '5s/[^\t]*$/1o.5/; 7s/[^\t]*$/oops/' a.tsv >slip.tsv
    for threads in 1 4; do
        run -0 --separate-stderr smote -j $threads slip.tsv
        stderr_has "warning: slip.tsv:5: column 'q' holds numbers, but '1o.5' here, and is not taken for a feature"
        [[ $stderr != *"'name'"* ]] || fail "texts alone are no slip: $stderr"
        [[ $stderr != *oops* ]] || fail "one cell is enough: $stderr"
    done
    run -0 --separate-stderr smote --columns p slip.tsv
    [[ $stderr != *warning* ]] || fail "$stderr"
}

@test "what was not made is said" {
    { printf 'label\tp\n'; seq 1 20 | sed 's/^/a\t/'; seq 1001 1008 | sed 's/^/b\t/'; } >apart.tsv
    run -0 --separate-stderr smote -K borderline-1 -m 3 apart.tsv
    stderr_has "warning: class 'b': 12 new rows were asked for, 0 were made"
    run -1 --separate-stderr smote -K adasyn apart.tsv
    stderr_has "class 'b': no row has a neighbour of another class"
}

@test "rows that do not fit are left out again, and that is said" {
    table
    run -0 --separate-stderr smote -K enn a.tsv
    [[ $stderr =~ ([0-9]+)" of the rows that there were and "([0-9]+)" of the new ones" ]]
    echo "$output" >out.tsv
    [ "${BASH_REMATCH[1]}" -gt 0 ]
    [ "$(wc -l <out.tsv)" -eq $((81 - BASH_REMATCH[1] - BASH_REMATCH[2])) ]
    grep -cxFf out.tsv a.tsv >kept
    [ "$(cat kept)" -eq $((49 - BASH_REMATCH[1])) ]
    smote -q -K tomek --parents p.tsv -o tomek.tsv a.tsv
    [ "$(sed 1d p.tsv | wc -l)" -eq "$(grep -cvxFf a.tsv tomek.tsv)" ]
    [ "$(tail -1 p.tsv | cut -f1)" -eq $(($(wc -l <tomek.tsv) - 2)) ]
    run -2 --separate-stderr smote -K enn shapes.tsv
    stderr_has "--kind enn leaves rows out"
    smote -q -K tomek -o made shapes.tsv
    [ "$(find made -name '*.png' | wc -l)" -eq "$(grep -c smote- made/manifest.tsv)" ]
}

@test "categories are voted for, numbers interpolated" {
    awk 'BEGIN {
        srand(1); print "label\tsize\tcolour\tcode"
        for (i = 0; i < 40; i++) printf "a\t%.6f\tred\t%d\n", 9 * rand(), i % 3
        for (i = 0; i < 9; i++)
            printf "b\t%.6f\t%s\t%d\n", 20 + rand(), i < 7 ? "b l u" : "\\N", 7 + i % 2
    }' >mixed.tsv
    run -0 --separate-stderr smote -K nc --categorical colour,code mixed.tsv
    echo "$output" >out.tsv
    head -50 out.tsv | cmp - mixed.tsv
    tail -31 out.tsv | awk -F'\t' '$1 != "b" || $2 < 20 || $2 > 21 || ($4 != 7 && $4 != 8) ||
        ($3 != "b l u" && $3 != "\\N") { exit 1 }'
    tail -31 out.tsv | cut -f3 | grep -q "b l u"
    # without the option numbers are numbers
    smote -q -K nc mixed.tsv | tail -31 | cut -f4 | grep -q '\.'
    smote -q -K n -j 1 mixed.tsv >one.tsv
    smote -q -K n -j 4 mixed.tsv | cmp - one.tsv
    tail -31 one.tsv | cut -f2 >sizes
    tail -9 mixed.tsv | cut -f2 >those
    run ! grep -vxFf those sizes
    run -1 --separate-stderr smote -K nc --columns size --categorical colours mixed.tsv
    stderr_has "no column 'colours'"
    run -2 --separate-stderr smote --categorical colour mixed.tsv
    stderr_has "--categorical is about --kind nc and n"
    run -2 --separate-stderr smote -K n --columns size mixed.tsv
    stderr_has "name its --categorical"
    run -1 --separate-stderr smote -K nc --columns size <(cut -f1,2 mixed.tsv)
    stderr_has "no column holds categories"
}

@test "an embedding says who is near" {
    python3 - <<'PY'
import struct
rows = [l.split("\t") for l in open("shapes.tsv").read().splitlines()[1:]]
n = len(rows)
head = "{'descr': '<f4', 'fortran_order': False, 'shape': (%d, 2), }" % n
head += " " * (63 - (10 + len(head)) % 64) + "\n"
with open("e.npy", "wb") as f:
    f.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head.encode())
    for i in range(n):  # neighbours in the order of the rows
        f.write(struct.pack("<2f", i, 0))
PY
    smote -q -k 1 --space e.npy --parents p.tsv shapes.tsv >/dev/null
    sed 1d p.tsv | awk -F'\t' '{ d = $2 - $3; if (d != 1 && d != -1) exit 1 }'
    head -40 shapes.tsv >fewer.tsv
    run -1 --separate-stderr smote --space e.npy fewer.tsv
    stderr_has "e.npy: has 42 lines, fewer.tsv has 39 rows"
}

@test "the plan" {
    run -0 --separate-stderr smote -n --format tsv shapes.tsv
    [ "${lines[2]}" = $'square\t12\t24\t24\t12\t5' ]
    [ "${lines[3]}" = $'triangle\t6\t24\t24\t18\t5' ]
    smote -n --target triangle=7 --format tsv shapes.tsv >plan
    [ "$(tail -1 plan)" = $'triangle\t6\t7\t7\t1\t5' ]
    smote -n --cap 15 --format tsv -s auto shapes.tsv >plan
    [ "$(tail -1 plan)" = $'triangle\t6\t24\t15\t9\t5' ]
}

# refuses STATUS TEXT ARGUMENTS...
refuses() {
    run "-$1" --separate-stderr smote "${@:3}"
    stderr_has "$2"
    [ -z "$output" ]
}

@test "what is refused" {
    table
    refuses 2 "'smotty' is none of smote, " -K smotty a.tsv
    refuses 2 "--neighbours: 0 is not 1 or more" -k 0 a.tsv
    refuses 2 "--strategy and --target exclude each other" -s all -t b=9 a.tsv
    refuses 2 "class 'b' has 8 rows, its target 5 is less" -t b=5 a.tsv
    refuses 2 "--compat: 'sklearn' is not imblearn" --compat sklearn a.tsv
    refuses 2 "seed 4294967296" --compat imblearn --seed 4294967296 a.tsv
    refuses 2 "it has no kind eos" --compat imblearn -K eos a.tsv
    refuses 2 "--clusters" -K kmeans --clusters 0 a.tsv
    refuses 2 "--out-step is about --kind svm" --out-step 1 a.tsv
    refuses 2 "are about --kind kmeans" --clusters c.npy a.tsv
    refuses 2 "--space: 'deep' is not" --space deep a.tsv
    refuses 2 "DATASET.npy and --labels" a.npy
    refuses 2 "DATASET.npy and --labels" --labels y.npy a.tsv
    refuses 2 "-o x.npy" -o x.npy a.tsv
    refuses 2 "go to one: -o FILE.npy" --labels y.npy x.npy
    refuses 2 "'pixels' is not pca" --space pixels --labels y.npy -o o.npy --labels-out p.npy x.npy
    refuses 2 "--space columns" --space columns:3-1 --labels y.npy -o o.npy --labels-out p.npy x.npy
    refuses 1 "no column 'z'" --columns z a.tsv
    sed '20s/\t[^\t]*$/\tnan/' a.tsv >nan.tsv
    refuses 1 "nan.tsv:20: column 'q': 'nan' is not a finite number" nan.tsv
    sed '20s/\t[^\t]*$//' a.tsv >ragged.tsv
    refuses 1 "ragged.tsv:20" ragged.tsv
    grep -v $'\tb\t' a.tsv >single.tsv
    refuses 1 "1 class with rows" single.tsv
    cut -f1,2 a.tsv >texts.tsv
    refuses 1 "no column holds numbers" texts.tsv
    smote -q --target square=15 shapes.tsv >once.tsv
    refuses 1 "once.tsv:44: is a mixture already" once.tsv
    refuses 1 "exists already" -o a.tsv a.tsv
}

@test "constant columns, every class of one row, infinite features: each kind says what it made" {
    { printf 'label\tp\tq\n'; seq 12 | sed 's/.*/a\t&\t5/'; seq 3 | sed 's/.*/b\t&.5\t5/'; } >c.tsv
    for kind in smote borderline-1 borderline-2 svm safe-level eos; do
        run -0 --separate-stderr smote -K $kind -j 1 c.tsv
        stderr_has "rows 15 -> 24 (a 12, b 3 + 9 of 9)"
        [ "$(sed 1d <<<"$output" | cut -f3 | sort -u)" = 5 ]
    done
    run -0 --separate-stderr smote -K adasyn c.tsv
    stderr_has "class 'b': 9 new rows were asked for, 10 were made"
    run -1 --separate-stderr smote -K kmeans c.tsv
    stderr_has "no cluster has enough rows of it"
    printf 'label\tp\na\t1\nb\t2\nc\t3\n' >one.tsv
    run -0 --separate-stderr smote one.tsv
    stderr_has "rows 3 -> 3 (a 1, b 1, c 1)"
    sed '5s/\t[^\t]*$/\tinf/' c.tsv >inf.tsv
    refuses 1 "inf.tsv:5: column 'q': 'inf' is not a finite number" inf.tsv
}

@test "names of classes may be anything" {
    table
    sed 's/\tb\t/\tb ö 🙂\t/' a.tsv >odd.tsv
    run -0 --separate-stderr smote -t 'b ö 🙂=10' odd.tsv
    stderr_has "b ö 🙂 8 + 2 of 2"
}

# bad_arrays: 40 rows of features with one of each trouble; good.npy has none. y.npy, t.tsv: labels.
bad_arrays() {
    python3 - <<'PY'
import struct
def save(name, shape, values, kind="f"):
    head = "{'descr': '<%s', 'fortran_order': False, 'shape': %s, }" % (
        {"f": "f4", "q": "i8"}[kind], shape)
    head += " " * (117 - len(head)) + "\n"
    data = struct.pack(f"<{len(values)}{kind}", *values)
    whole = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head.encode() + data
    open(name, "wb").write(whole)
    return whole
values = [i * 37 % 101 / 10 for i in range(120)]
good = save("good.npy", "(40, 3)", values)
save("nan.npy", "(40, 3)", values[:22] + [float("nan")] + values[23:])
save("inf.npy", "(40, 3)", values[:22] + [float("inf")] + values[23:])
save("flat.npy", "(40,)", values[:40])
save("short.npy", "(39, 3)", values[:117])
save("none.npy", "(0, 3)", [])
save("y.npy", "(40,)", [int(i >= 30) for i in range(40)], "q")
open("cut.npy", "wb").write(good[:-5])
open("header.npy", "wb").write(good[:40])
open("nothing.npy", "wb").close()
with open("t.tsv", "w") as file:
    print("id\tlabel\tu", *(f"{i}\t{'ab'[i >= 30]}\t{i}" for i in range(40)), sep="\n", file=file)
PY
}

@test "arrays that are damaged, not finite or of another shape are named, as space and as data" {
    bad_arrays
    while IFS='|' read -r file of_space of_data; do
        for command in smote "rebalance -m enn"; do
            # shellcheck disable=SC2086  # a command with its options
            run -1 --separate-stderr $command --space "$file.npy" t.tsv
            stderr_has "$of_space"
            [ -z "$output" ]
            # shellcheck disable=SC2086
            run -1 --separate-stderr $command --labels y.npy -o o.npy --labels-out p.npy "$file.npy"
            stderr_has "${of_data:-$of_space}"
            [ ! -e o.npy ] && [ ! -e p.npy ]
        done
    done <<'END'
nan|nan.npy: row 8, column 2: not a finite number
inf|inf.npy: row 8, column 2: not a finite number
flat|flat.npy: has 1 dimension, one line of features a row was expected
short|short.npy: has 39 lines, t.tsv has 40 rows|y.npy: 39 whole numbers in one dimension
none|none.npy: has 0 lines, t.tsv has 40 rows|none.npy: is empty
cut|cut.npy: holds 475 bytes of numbers, its shape needs 480
header|header.npy: ends within its header
nothing|nothing.npy: is not an .npy file
END
    smote -q --space good.npy t.tsv >/dev/null
    rebalance -q -m enn --labels y.npy -o o.npy --labels-out p.npy good.npy
}
