# tile: grids as rows and as files, and what it does with bad input.
load helper

# n_rows FILE: rows of a manifest.
n_rows() {
    echo $(($(wc -l < "$1") - 1))
}

# giant_png FILE: the header of 100,000 x 100,000 grey pixels, and no pixels.
giant_png() {
    printf '\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR\x00\x01\x86\xa0\x00\x01\x86\xa0\x08\x00\x00\x00\x00' > "$1"
    printf '\x8d\x39\x54\x14\x00\x00\x00\x00IDAT\x35\xaf\x06\x1e' >> "$1"
}

@test "--virtual writes a row for each cell of the sheet" {
    tile -s 20 --virtual sheet.png > cells.tsv
    [ "$(n_rows cells.tsv)" -eq 200 ]
    [ "$(sed -n 1p cells.tsv)" = $'file_name\tx\ty\twidth\theight\trow\tcol' ]
    [ "$(sed -n 23p cells.tsv)" = $'sheet.png\t20\t20\t20\t20\t1\t1' ]
}

@test "--virtual names images relative to the manifest's folder" {
    mkdir sub
    tile -s 100 --virtual sheet.png > sub/m.tsv
    [ "$(sed -n 2p sub/m.tsv | cut -f1)" = ../sheet.png ]
}

@test "-o writes a file for each tile and a manifest that names them all" {
    tile -s 64x50 --edge partial -o out sheet.png
    [ "$(n_rows out/manifest.tsv)" -eq 28 ]
    [ "$(ls out | grep -c png)" -eq 28 ]
    tail -n +2 out/manifest.tsv | cut -f1 | while read -r name; do
        [ -s "out/$name" ] || fail "$name is missing"
    done
    [ "$(sed -n 8p out/manifest.tsv)" = $'sheet_000_384.png\t../sheet.png\t384\t0\t16\t50\t0\t6' ]
    no_leftovers out
}

@test "tiles, cut again into their cells, are those of the sheet" {
    tile -s 20 -o cells sheet.png
    tile -s 100 -o big sheet.png
    tile -s 20 -o again big/sheet_100_200.png
    same again/sheet_100_200_40_60.png cells/sheet_140_260.png
}

@test "the number of threads changes no byte" {
    for n in 1 2 5; do
        tile -s 37 --overlap 5 -j $n -o "out$n" sheet.png
    done
    diff -r out1 out2
    diff -r out1 out5
}

@test "each edge rule has its number and size of tiles" {
    plan() {
        tile -s 150 "$@" --plan sheet.png | tail -n 1 | cut -f 6-
    }
    [ "$(plan)" = $'3\t2\t6\t135000' ]
    [ "$(plan --edge partial)" = $'3\t2\t6\t80000' ]
    [ "$(plan --edge pad)" = $'3\t2\t6\t135000' ]
    [ "$(plan --edge spread)" = $'3\t2\t6\t135000' ]
    [ "$(plan --edge drop)" = $'2\t1\t2\t45000' ]
    [ "$(plan --count drop --edge shift)" = $'2\t1\t2\t45000' ]
    [ "$(plan --stride 50 --edge partial)" = $'6\t2\t12\t270000' ]
    [ "$(plan --stride 50 --edge partial --count start)" = $'8\t4\t32\t472500' ]
}

@test "padded tiles have their full size, and zeros outside" {
    tile -s 150 --edge pad -o out sheet.png
    tile -s 50 --count drop -o corner out/sheet_150_300.png
    [ "$(ls corner | grep -c png)" -eq 9 ]
    # Pixels 100 and on lie outside of the image: those parts are equal, and all zero.
    same corner/sheet_150_300_100_000.png corner/sheet_150_300_100_100.png
    same corner/sheet_150_300_050_100.png corner/sheet_150_300_100_100.png
}

@test "formats are written and read back" {
    for format in png jpeg tiff; do
        tile -s 100 --format $format -o $format sheet.png
    done
    tile -s 16 --format webp -o webp shapes/disc/*.png
    tile -s 25 -o again jpeg/*.jpg
    tile -s 25 --force -o again tiff/*.tif
    tile -s 8 --virtual webp/*.webp > m.tsv
    [ "$(n_rows m.tsv)" -eq 384 ]
}

@test "--plan decodes nothing" {
    head -c 3000 sheet.png > cut.png
    run -0 --separate-stderr tile -s 20 --plan cut.png
    output_has $'cut.png\t400\t200\t1\t8-bit\t20\t10\t200\t80000'
}

@test "an image smaller than a tile, with edges dropped, is named" {
    run -0 --separate-stderr tile -s 512 --edge drop --virtual sheet.png
    stderr_has "sheet.png: 400 x 200 pixels hold no tile of 512 x 512"
    [ "${#lines[@]}" -eq 1 ]
}

@test "a truncated image is an error and leaves no manifest" {
    head -c 3000 sheet.png > cut.png
    run -1 --separate-stderr tile -s 20 -o out cut.png
    stderr_has "cut.png: is damaged or truncated"
    [ ! -e out/manifest.tsv ]
    no_leftovers out
}

@test "what is no image is named and said to be none" {
    echo hello > text.png
    : > empty.png
    mkdir folder.png
    for name in text empty folder missing; do
        for how in --virtual --plan "-o out"; do
            # shellcheck disable=SC2086
            run -1 --separate-stderr tile $how sheet.png $name.png
            [ -z "$output" ]
            stderr_has "$name.png: "
        done
    done
    [ ! -e out ]
    run -1 --separate-stderr tile --virtual text.png
    stderr_has "is not an image of a known format"
}

@test "a header of 100,000 x 100,000 makes rows, but no memory is asked for its pixels" {
    giant_png giant.png
    tile -s 10000 --virtual giant.png > rows.tsv
    [ "$(n_rows rows.tsv)" -eq 100 ]
    run -1 --separate-stderr tile -s 256 -o out giant.png
    stderr_has "giant.png: is damaged or truncated"
    [ ! -e out/manifest.tsv ]
    run -1 --separate-stderr tile -s 100000 -o out giant.png
    stderr_has "giant.png: 100000 x 100000 pixels of 1 8-bit bands are too many"
}

@test "names with tabs, newlines and brackets go through" {
    name=$'a\tb\n[page=3].png'
    cp sheet.png "$name"
    tile -s 200 --virtual "$name" > m.tsv
    [ "$(n_rows m.tsv)" -eq 2 ]
    [ "$(sed -n 2p m.tsv | cut -f1)" = 'a\tb\n[page=3].png' ]
    tile -s 200 -o out "$name"
    [ -s "out/"$'a\tb\n[page=3]_000_200.png' ]
    [ "$(n_rows out/manifest.tsv)" -eq 2 ]
}

@test "a name that is not UTF-8 is refused" {
    name=$'caf\xe9.png'
    cp sheet.png "$name"
    run -1 --separate-stderr tile --virtual "$name"
    stderr_has "not UTF-8"
}

@test "two images of one stem are refused before any work" {
    mkdir other
    cp sheet.png other/sheet.png
    run -2 --separate-stderr tile -o out sheet.png other/sheet.png
    stderr_has "sheet.png and other/sheet.png: tiles of both would be named sheet_*"
    [ ! -e out ]
    tile -s 200 --virtual sheet.png other/sheet.png > m.tsv
    [ "$(n_rows m.tsv)" -eq 4 ]
}

@test "existing files are kept unless --force" {
    tile -s 100 -o out sheet.png
    run -1 --separate-stderr tile -s 50 -o out sheet.png
    stderr_has "out/manifest.tsv: exists already; --force"
    rm out/manifest.tsv
    run -1 --separate-stderr tile -s 50 -o out sheet.png
    stderr_has "exists already; --force"
    [ ! -e out/manifest.tsv ]
    tile -s 50 --force -o out sheet.png
    [ "$(n_rows out/manifest.tsv)" -eq 32 ]
}

@test "a failing --force run leaves no old manifest behind" {
    tile -s 100 -o out sheet.png
    head -c 3000 sheet.png > tmp.png
    mv tmp.png sheet.png
    run -1 tile -s 100 --force -o out sheet.png
    [ ! -e out/manifest.tsv ]
}

@test "a full disk is an error, and leaves no manifest and no half file" {
    run -1 --separate-stderr bash -c 'tile -s 20 --virtual sheet.png > /dev/full'
    stderr_has "No space left on device"
    small_tmpfs disk 64k
    run -1 --separate-stderr tile -s 20 -o disk/out sheet.png
    stderr_has "No space left on device"
    [ ! -e disk/out/manifest.tsv ]
    no_leftovers disk
}

@test "Ctrl-C ends by the signal, with whole tiles and no manifest" {
    run -130 timeout --preserve-status --signal=INT 1 tile -s 20 --stride 1 -o out sheet.png
    [ ! -e out/manifest.tsv ]
    no_leftovers out
    ls out > names
    [ -s names ]
    tail -n 50 names | while read -r name; do
        tail -c 8 "out/$name" | head -c 4 | grep -q IEND || fail "$name is not whole"
    done
}

@test "Ctrl-C ends a long list of rows too" {
    giant_png giant.png
    run -130 timeout --preserve-status --signal=INT 1 bash -c \
        'exec tile -s 1 --virtual giant.png > /dev/null'
}

@test "a tile that is too large for memory is named" {
    run -1 --separate-stderr tile -s 100000 --edge pad -o out sheet.png
    stderr_has "out/sheet_000_000.png: 100000 x 100000 pixels"
    [ ! -e out/manifest.tsv ]
}

@test "wrong usage is told with the option's name" {
    wrong() {
        run -2 --separate-stderr tile "$@" sheet.png
        [ -z "$output" ]
    }
    wrong
    stderr_has "-o DIR"
    wrong --virtual -o out
    stderr_has "exclude each other"
    wrong --virtual -s 0
    stderr_has "--size"
    wrong --virtual -s 20x
    stderr_has "--size"
    wrong --virtual --stride 0x4
    stderr_has "--stride"
    wrong --virtual --stride 5 --overlap 5
    stderr_has "--stride and --overlap"
    wrong --virtual -s 20 --overlap 20
    stderr_has "--overlap: 20 is outside of 0 to 19"
    wrong --virtual -s 20 --overlap -3
    stderr_has "--overlap"
    wrong --virtual --edge wrap
    stderr_has "--edge: 'wrap' is none of shift, partial, drop, pad, spread"
    wrong --virtual --edge pad
    stderr_has "--edge pad is for -o"
    wrong --virtual --count all
    stderr_has "--count"
    wrong --virtual --format png
    stderr_has "--format"
    wrong -o out --format bmp
    stderr_has "--format: 'bmp'"
    wrong -o out --quality 80
    stderr_has "--quality: png files have no quality"
    wrong -o out --format jpeg --quality 101
    stderr_has "--quality: 101"
    wrong -o out --format webp
    stderr_has "WebP holds 3 or 4 bands"
    [ ! -e out ]
}
