load helper

# value NAME FILE: a value of a summary in TSV.
value() {
    awk -F'\t' -v name="$1" 'NF == 2 && $1 == name {print $2}' "$2"
}

# A data set with one of each trouble.
make_troubles() {
    mkdir -p t/a t/b
    cp shapes/disc/disc-01.png t/a/one.png
    cp shapes/disc/disc-01.png t/b/again.png
    cp shapes/disc/disc-02.png t/a/wrong.jpg
    head -c 200 shapes/disc/disc-03.png > t/a/cut.png
    : > t/a/empty.png
    echo "no picture" > t/a/text.png
    printf 'file_name\tlabel\tsplit\n' > t.tsv
    printf 't/a/%s\ta\ttrain\n' one.png wrong.jpg cut.png empty.png text.png gone.png >> t.tsv
    printf 't/b/again.png\tb\ttest\n' >> t.tsv
}

@test "sound pictures have no issue" {
    datacheck shapes.tsv > out.tsv
    [ "$(value pictures out.tsv)" -eq 42 ]
    [ "$(value read out.tsv)" -eq 42 ]
    [ "$(value without_issue out.tsv)" -eq 42 ]
}

@test "each trouble is found and named, and no file is touched" {
    make_troubles
    find t -type f -exec md5sum {} + | sort > before
    datacheck -q --format tsv -o checked.tsv t.tsv > out.tsv
    find t -type f -exec md5sum {} + | sort | cmp before -
    [ "$(cut -f 1-4,6 checked.tsv)" = "$(printf '%s\t%s\t%s\t%s\t%s\n' \
        file_name label split issues dup_keep \
        t/a/one.png a train leak,label-conflict,exact-duplicate 0 \
        t/a/wrong.jpg a train wrong-extension 1 \
        t/a/cut.png a train truncated 1 \
        t/a/empty.png a train truncated 1 \
        t/a/text.png a train unreadable 1 \
        t/a/gone.png a train missing 1 \
        t/b/again.png b test leak,label-conflict,exact-duplicate 1)" ] || fail "$(cat checked.tsv)"
    [ "$(awk -F'\t' '$5 != "\\N"' checked.tsv | cut -f 5 | sort | uniq -c | wc -l)" -eq 2 ]
    [ "$(value copies out.tsv)" -eq 1 ]
    # leaks come first, then conflicts
    [ "$(head -n 2 out.tsv)" = "$(printf '%s\t%s\t%s\t%s\t%s\t%s\n' \
        kind bits split other_split picture other \
        exact 0 train test t/a/one.png t/b/again.png)" ]
    [ "$(sed -n '4,5p' out.tsv)" = "$(printf '%s\t%s\t%s\t%s\t%s\t%s\n' \
        kind bits label other_label picture other \
        exact 0 a b t/a/one.png t/b/again.png)" ]
    grep -q $'^wrong-extension\tt/a/wrong.jpg\t\\\\N\t\\\\N\tis PNG$' out.tsv
    grep -q $'^missing\tt/a/gone.png' out.tsv
}

@test "--fail-on ends with 1 for what it names, and only for that" {
    make_troubles
    for issue in leak label-conflict missing unreadable truncated wrong-extension exact-duplicate all; do
        run -1 --separate-stderr datacheck -q --fail-on "dark,$issue" --show summary t.tsv
        output_has "pictures"
        [ "$issue" = all ] || stderr_has "$issue"
    done
    run -0 datacheck -q --fail-on dark,light,constant,odd-size --show summary t.tsv
    run -0 datacheck -q --checks dark --fail-on leak --show summary t.tsv
}

@test "regions of one colour are constant, dark or light, and equal ones are duplicates" {
    # grey of one value: a crop of the same pixel
    printf 'file_name\tx\ty\twidth\theight\nsheet.png\t0\t0\t1\t1\nsheet.png\t0\t0\t1\t1\n' > one.tsv
    datacheck --format tsv one.tsv > out.tsv
    [ "$(value constant out.tsv)" -eq 2 ]
    [ "$(value exact-duplicate out.tsv)" -eq 2 ]
    [ "$(value near-duplicate out.tsv)" -eq 0 ]
    [ "$(value low-information out.tsv)" -eq 2 ]
}

@test "odd aspect and odd size are of the region" {
    printf 'file_name\tx\ty\twidth\theight\n' > r.tsv
    for x in 0 20 40 60 80; do printf 'sheet.png\t%d\t0\t20\t20\n' $x; done >> r.tsv
    printf 'sheet.png\t0\t0\t400\t200\nsheet.png\t0\t100\t100\t20\n' >> r.tsv
    datacheck --checks odd-aspect,odd-size --show pictures r.tsv | cut -f 1,2 > out.tsv
    [ "$(cat out.tsv)" = "$(printf '%s\t%s\n' issue picture odd-aspect sheet.png#0,100,100,20 \
        odd-size sheet.png#0,0,400,200)" ] || fail "$(cat out.tsv)"
    datacheck --checks odd-aspect --odd-aspect 0.51 --show summary r.tsv > out.tsv
    [ "$(value odd-aspect out.tsv)" -eq 2 ]
    run datacheck --checks odd-aspect --odd-aspect 0.2 --show summary --fail-on odd-aspect r.tsv
    [ "$status" -eq 0 ]
}

@test "thresholds and radius do what they say" {
    for option in dark light blurry low-information; do
        datacheck --show summary "--$option" 0 shapes.tsv > none.tsv
        [ "$(value $option none.tsv)" -eq 0 ] || fail "$option: $(cat none.tsv)"
        datacheck --show summary "--$option" 1 shapes.tsv > all.tsv
        [ "$(value $option all.tsv)" -gt 0 ] || fail "$option: $(cat all.tsv)"
    done
    previous=0
    for radius in 0 8 16 24 32; do
        datacheck --show summary -r $radius shapes.tsv > out.tsv
        n=$(value near-duplicate out.tsv)
        [ "$n" -ge "$previous" ]
        previous=$n
    done
    [ "$previous" -gt 10 ]
    # in both hashes is fewer than in one
    datacheck --show summary -r 16 --hash dhash shapes.tsv > one.tsv
    datacheck --show summary -r 16 --hash dhash,phash shapes.tsv > two.tsv
    [ "$(value near-duplicate two.tsv)" -le "$(value near-duplicate one.tsv)" ]
    run -1 --separate-stderr datacheck -r 32 --max-pairs 5 shapes.tsv
    stderr_has "more than 5 pairs lie within 32 bits"
}

@test "the same bytes for any number of threads, with and without a cache" {
    make_troubles
    (head -n 1 shapes.tsv | cut -f 1,2; sed 1d t.tsv | cut -f 1,2; sed 1d shapes.tsv | cut -f 1,2) > all.tsv
    touch -d '2020-01-01' t/*/* shapes/*/*
    datacheck -j 1 -r 20 -q --format tsv -o o1 --sheet s1.png all.tsv > r1
    for threads in 2 5; do
        datacheck -j $threads -r 20 -q --format tsv -o o2 --sheet s2.png --force all.tsv > r2
        same r1 r2
        same o1 o2
        same s1.png s2.png
    done
    for _ in first second third; do
        datacheck -v -r 20 --format tsv --force -o o2 --cache kept all.tsv > r2 2> said
        same r1 r2
        same o1 o2
    done
    grep -q "kept: 45 of 49 pictures were known" said || fail "$(cat said)"
}

@test "the cache forgets files that changed, and is not believed where it is damaged" {
    touch -d '2020-01-01' shapes/*/*
    datacheck -q --cache kept shapes.tsv > r1
    cp shapes/square/square-02.png shapes/disc/disc-05.png
    touch -d '2020-01-01 00:00:01' shapes/disc/disc-05.png
    datacheck -v --cache kept shapes.tsv > r2 2> said
    grep -q "kept: 41 of 42 pictures were known" said || fail "$(cat said)"
    [ "$(value exact-duplicate r2)" -eq 2 ]
    datacheck -q shapes.tsv | cmp - r2
    # a changed digit, a cut end
    sed -i '3s/\t32\t32\t/\t33\t32\t/' kept
    truncate -s -3 kept
    datacheck -v --cache kept shapes.tsv 2> said | cmp - r2
    grep -q "kept: 2 lines are damaged" said || fail "$(cat said)"
    # regions of a file are their own
    printf 'file_name\tx\ty\twidth\theight\nsheet.png\t0\t0\t20\t20\n' > a.tsv
    printf 'file_name\tx\ty\twidth\theight\nsheet.png\t0\t0\t20\t21\n' > b.tsv
    touch -d '2020-01-01' sheet.png
    datacheck -q --cache regions a.tsv > /dev/null
    datacheck -v --cache regions b.tsv 2> said > /dev/null
    grep -q "regions: 0 of 1" said
    datacheck -v --cache regions b.tsv 2> said > /dev/null
    grep -q "regions: 1 of 1" said
    # another file is never taken for a cache
    run -1 --separate-stderr datacheck --cache shapes.tsv shapes.tsv
    stderr_has "shapes.tsv: is no cache of datacheck"
    [ "$(wc -l < shapes.tsv)" -eq 43 ]
}

@test "an interrupted run keeps what it has seen in the cache" {
    awk 'BEGIN {print "file_name\tx\ty\twidth\theight"
        for (i = 0; i < 60000; i++) print "sheet.png\t" i % 380 "\t" int(i / 380) "\t20\t20"}' > many.tsv
    touch -d '2020-01-01' sheet.png
    datacheck -j 1 --progress --cache kept many.tsv > out.tsv 2> said &
    for _ in {1..200}; do
        ! grep -q '[1-9][0-9]*/60000' said || break
        sleep 0.05
    done
    kill -TERM $!
    status=0
    wait $! || status=$?
    [ "$status" -eq 143 ]
    [ ! -s out.tsv ]
    known=$(($(wc -l < kept) - 1))
    [ "$known" -gt 0 ]
    [ "$known" -lt 60000 ]
    head -n 101 many.tsv > some.tsv
    datacheck -v --cache kept some.tsv 2>&1 > /dev/null | grep -q "kept: [1-9][0-9]* of 100 pictures were known"
}

@test "files that changed just now are not kept" {
    touch shapes/disc/disc-01.png
    touch -d '2020-01-01' shapes/square/* shapes/triangle/*
    datacheck -q --cache kept shapes.tsv > /dev/null
    [ "$(grep -c square- kept)" -eq 12 ]
    run grep -c disc-01 kept
    [ "$output" -eq 0 ]
}

@test "-o - feeds datasplit: duplicates stay together" {
    make_troubles
    cp shapes/disc/disc-01.png t/a/third.png
    datacheck -q -o - t/a | datasplit -q --no-stratify --group dup_group -o split.tsv -
    [ "$(grep -E 'one|third' split.tsv | awk -F'\t' '{print $NF}' | sort -u | wc -l)" -eq 1 ]
}

@test "the sheet shows each pair once, with frames by kind" {
    make_troubles
    run -0 --separate-stderr datacheck --sheet pairs.png t.tsv
    stderr_has "pairs.png: 1 of 1 pairs"
    run -1 --separate-stderr datacheck --sheet pairs.png t.tsv
    stderr_has "pairs.png"
    run -0 --separate-stderr datacheck --sheet none.png shapes.tsv
    stderr_has "no pairs were found"
    [ ! -e none.png ]
    datacheck -q -r 30 --sheet many.png --sheet-pairs 7 shapes.tsv > /dev/null
    printf 'file_name\nmany.png\n' | datacheck --show summary --fail-on unreadable,blurry > /dev/null
}

# float_tiff NAME VALUES: one row of floats as a TIFF.
float_tiff() {
    python3 - "$@" <<'PY'
import struct, sys
values = [float(v) for v in sys.argv[2].split(",")]
n = len(values)
tags = [(256, 4, n), (257, 4, 1), (258, 3, 32), (259, 3, 1), (262, 3, 1), (273, 4, 8), (277, 3, 1),
        (278, 4, 1), (279, 4, 4 * n), (339, 3, 3)]
directory = struct.pack("<H", len(tags)) + b"".join(
    struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in tags) + bytes(4)
with open(sys.argv[1], "wb") as file:
    file.write(struct.pack("<2sHI", b"II", 42, 8 + 4 * n) + struct.pack(f"<{n}f", *values) + directory)
PY
}

@test "pixels that are no numbers are reported" {
    float_tiff sound.tif 0.1,0.5,0.9,0.3
    float_tiff nan.tif 0.1,nan,0.9,-inf
    printf 'file_name\tlabel\nsound.tif\ta b\nnan.tif\t\360\237\220\210\n' >m.tsv
    datacheck -q --format tsv --checks unreadable m.tsv >out.tsv
    [ "$(value unreadable out.tsv)" -eq 1 ]
    grep -q $'^unreadable\tnan.tif\t.*2 of 4 values are NaN or infinite$' out.tsv
    run -1 datacheck -q --fail-on unreadable m.tsv
}

@test "ragged rows are an error; names with spaces and emoji, more classes than rows, one class" {
    printf 'file_name\tlabel\nsheet.png\ta\nsheet.png\n' >ragged.tsv
    run -1 --separate-stderr datacheck ragged.tsv
    stderr_has "ragged.tsv:3: 1 field, the header has 2"
    [ -z "$output" ]
    mkdir set
    cp shapes/disc/disc-01.png set/1.png
    cp shapes/disc/disc-01.png set/2.png
    printf 'a b\n\360\237\220\210\nc\nd\n' >set/classes.txt
    printf 'file_name\tlabel\n1.png\ta b\n2.png\t\360\237\220\210\n' >set/manifest.tsv
    run -0 --separate-stderr datacheck --show conflicts set
    [[ $output == *$'a b\t\360\237\220\210'* ]]
    printf 'file_name\tlabel\nset/1.png\ta\n' >one.tsv
    datacheck -q one.tsv >out.tsv
    [ "$(value read out.tsv)" -eq 1 ]
}

@test "JSON is one object, tables are limited" {
    make_troubles
    datacheck -q --format json t.tsv | python3 -c '
import json, sys
report = json.load(sys.stdin)
assert list(report) == ["leaks", "conflicts", "duplicates", "pictures", "summary"], list(report)
assert report["leaks"][0]["picture"] == "t/a/one.png"
assert report["summary"]["truncated"] == 2'
    [ "$(datacheck -q --show pictures --limit 2 t.tsv | wc -l)" -eq 3 ]
    run -0 --separate-stderr datacheck --show pictures --limit 2 t.tsv
    stderr_has "pictures: 2 of 5 rows shown"
    [ "$(datacheck -q --show summary t.tsv | head -n 1)" = $'metric\tvalue' ]
}

@test "a set without rows, and one of unreadable files only" {
    printf 'file_name\tlabel\n' > none.tsv
    datacheck none.tsv > out.tsv
    [ "$(value pictures out.tsv)" -eq 0 ]
    printf 'file_name\tlabel\ngone.png\ta\nalso.png\ta\n' > gone.tsv
    run datacheck --format tsv gone.tsv
    [ "$status" -eq 0 ] || fail "$output"
    [[ "$output" == *$'missing\t2'* ]] || fail "$output"
}

@test "wrong usage ends with 2 and is named" {
    while IFS='|' read -r options named; do
        # shellcheck disable=SC2086  # words
        run -2 --separate-stderr datacheck $options shapes.tsv
        [ -z "$output" ] || fail "$options: $output"
        stderr_has "$named"
    done << 'END'
--checks foggy|'foggy' is not one of all, leak, label-conflict
--checks ,|''
--fail-on broken|--fail-on: 'broken'
--show pairs|--show: 'pairs'
--hash md5|--hash: 'md5'
--radius 33|--radius: 33
--radius -1|--radius: -1
--diameter 3|--diameter: 3 is not between 4 and 64
--diameter 65|--diameter: 65
--dark 2|--dark
--light x|'x'
--odd-size -1|--odd-size
--max-pairs 0|--max-pairs: 0
--sheet-pairs 0|--sheet-pairs: 0
--limit -5|--limit: -5
END
    run -1 --separate-stderr datacheck --label kind shapes.tsv
    stderr_has "kind"
    run -1 --separate-stderr datacheck -o shapes.tsv shapes.tsv
    stderr_has "shapes.tsv"
}
