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

@test "libvips is loaded only for pictures that need it, and its absence is said" {
    mkdir bin lib
    cp "$build_root/bin/tile" bin
    find "$build_root/lib" -maxdepth 1 -name "libtessera.so.0*" ! -type d -exec cp -P {} lib \;
    gif=GIF87a$(printf '\\0%.0s' 1 2 3 4 5 6 7 8)
    printf '%b' "$gif" > a.gif
    env -u LD_LIBRARY_PATH bin/tile --help > /dev/null
    run -1 --separate-stderr env -u LD_LIBRARY_PATH bin/tile -s 2 --virtual a.gif
    stderr_has "libvips, which reads this kind of picture, cannot be loaded"
    cp "$build_root/lib/libtessera-vips.so" lib
    run -1 --separate-stderr env -u LD_LIBRARY_PATH bin/tile -s 2 --virtual a.gif
    stderr_has "a.gif: header is damaged"
}

@test "-o writes a file for each tile and a manifest that names them all" {
    tile -s 64x50 --edge partial -o out sheet.png
    [ "$(n_rows out/manifest.tsv)" -eq 28 ]
    [ "$(ls out | grep -c png)" -eq 28 ]
    tail -n +2 out/manifest.tsv | cut -f1 | while read -r name; do
        [ -s "out/$name" ] || fail "$name is missing"
    done
    [ "$(sed -n 8p out/manifest.tsv)" = $'sheet_000_384.png\t../sheet.png\t384\t0\t16\t50\t0\t6\t400\t200' ]
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
        tile -s 150 "$@" --plan sheet.png | tail -n 1 | cut -f 6-9
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
    [ ! -e out ]
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
    stderr_has "out: exists already and is not empty; --force"
    [ "$(n_rows out/manifest.tsv)" -eq 8 ]
    tile -s 50 --force -o out sheet.png
    [ "$(n_rows out/manifest.tsv)" -eq 32 ]
    [ "$(find out -type f | wc -l)" -eq 34 ]
    [ ! -e out.partial ]
    mkdir empty
    tile -s 100 -o empty sheet.png
    [ "$(n_rows empty/manifest.tsv)" -eq 8 ]
}

@test "--force replaces what tile wrote, and no folder that holds something else" {
    tile -s 100 -o out sheet.png
    echo mine > out/notes.txt
    run -1 --separate-stderr tile -s 50 --force -o out sheet.png
    stderr_has "out: is not replaced, since tessera did not write out/notes.txt; move the one or the other away"
    [ "$(find out -type f | wc -l)" -eq 11 ]
    rm out/notes.txt
    tile -s 50 --force -o out sheet.png
    # A manifest alone does not make a folder tile's own: its rows may name the user's pictures.
    mkdir photos
    cp sheet.png photos
    printf 'file_name\nsheet.png\n' > photos/manifest.tsv
    run -1 --separate-stderr tile -s 50 --force -o photos sheet.png
    stderr_has "photos: is not replaced"
    same sheet.png photos/sheet.png
    run -2 --separate-stderr tile -s 10 --force -o out out/manifest.tsv
    stderr_has "out: holds an image that is cut (out/sheet_000_000.png) and is not replaced"
    [ "$(n_rows out/manifest.tsv)" -eq 32 ]
}

# slow_sheet: enough tiles for a second or more, each checked by its number.
slow_sheet() {
    tile -s 64 --stride 2 --format png -j 1 "$@" sheet.png
}

# until_noted PID: until the journal says that some tiles are on the disk, which it first does after
# a second. The process is held for that second, or a fast machine could be done by then.
until_noted() {
    wait_until [ -e out.partial/.tile-journal ]
    kill -STOP "$1"
    sleep 1.1
    kill -CONT "$1"
    wait_until grep -q "^done" out.partial/.tile-journal
}

@test "a file that comes into a folder while it is to be replaced stops that, and the work is not lost" {
    local status=0
    tile -s 100 -o out sheet.png
    tile -s 64 --stride 2 --format png -j 1 --force -o out sheet.png 2> message & pid=$!
    until_noted $pid
    echo mine > out/notes.txt
    wait $pid || status=$?
    [ $status -eq 1 ]
    grep -q "tessera did not write out/notes.txt" message
    run -1 --separate-stderr slow_sheet --force -o out
    stderr_has "tessera did not write out/notes.txt"
    rm out/notes.txt
    run -0 --separate-stderr slow_sheet --force -o out
    stderr_has "tiles were there already"
    [ ! -e out.partial ]
    [ "$(find out -type f | wc -l)" -eq $((2 + 11661)) ]
}

@test "a folder that only has the name of an unfinished run is not touched" {
    mkdir out.partial
    echo mine > out.partial/notes.txt
    run -1 --separate-stderr tile -s 100 --force -o out sheet.png
    stderr_has "out.partial: is needed for the unfinished tiles"
    [ "$(cat out.partial/notes.txt)" = mine ]
    [ ! -e out ]
}

@test "more TIFFs than files may be open at once" {
    tile -s 20 --format tiff -o tiffs sheet.png
    ulimit -n 64
    tile -s 20 --format tiff -o out tiffs/*.tif
    [ "$(n_rows out/manifest.tsv)" -eq 200 ]
}

@test "a failing --force run leaves the old folder as it was" {
    tile -s 100 -o out sheet.png
    cp -r out before
    head -c 3000 sheet.png > tmp.png
    mv tmp.png sheet.png
    run -1 tile -s 100 --force -o out sheet.png
    diff -r before out
}

@test "a run that was killed goes on, and ends as if it never had been" {
    slow_sheet -o whole
    tile -s 64 --stride 2 --format png -j 1 -o out sheet.png & pid=$!
    until_noted $pid
    end_with 137 KILL $pid
    [ ! -e out ]
    # Files that the journal does not vouch for are not believed: the last tile was not its turn yet.
    last=$(cd whole && find . -name '*.png' | sort | tail -n 1)
    [ ! -e "out.partial/$last" ]
    mkdir -p "out.partial/${last%/*}"
    echo torn > "out.partial/$last"
    run -0 --separate-stderr slow_sheet -o out
    stderr_has "tiles were there already"
    [ ! -e out.partial ]
    diff -r whole out
}

@test "another run's unfinished folder is refused, and says what differs" {
    tile -s 64 --stride 1 -j 1 -o out sheet.png & pid=$!
    until_noted $pid
    end_with 130 INT $pid
    run -1 --separate-stderr tile -s 63 --stride 1 -o out sheet.png
    stderr_has "out.partial: is an unfinished run with other options or inputs: --size was 64, now it is 63; finish it with its own command line, or give --force to begin anew"
    touch sheet.png
    run -1 --separate-stderr tile -s 64 --stride 1 -o out sheet.png
    stderr_has "input sheet.png was "
    tile -s 100 --force -o out sheet.png
    [ "$(n_rows out/manifest.tsv)" -eq 8 ]
    [ ! -e out.partial ]
}

@test "a full disk is an error, and leaves no manifest and no half file" {
    run -1 --separate-stderr bash -c 'tile -s 20 --virtual sheet.png > /dev/full'
    [ "$stderr" = "tile: standard output: cannot be written: No space left on device" ]
    small_tmpfs disk 64k
    run -1 --separate-stderr tile -s 20 -o disk/out sheet.png
    stderr_has "No space left on device"
    [ ! -e disk/out ]
}

@test "an image that changes while it is cut is named, and nothing made of it appears" {
    tile -s 64 --stride 2 -j 1 -o out sheet.png 2> said & pid=$!
    until_noted $pid
    touch -d '1 hour ago' sheet.png
    wait $pid || status=$?
    [ "$status" -eq 1 ]
    grep -q "sheet.png: changed while it was read" said
    [ ! -e out ]
}

@test "Ctrl-C ends by the signal, and the same command goes on" {
    tile -s 20 --stride 1 -j 1 -o out sheet.png & pid=$!
    until_noted $pid
    end_with 130 INT $pid
    [ ! -e out ]
    mv out.partial/manifest.tsv whole.tsv
    head -c 100 whole.tsv > out.partial/manifest.tsv
    run -1 --separate-stderr tile -s 20 --stride 1 -o out sheet.png
    stderr_has "manifest.tsv: is shorter than the journal beside it says"
    mv whole.tsv out.partial/manifest.tsv
    tile -s 20 --stride 1 -o out sheet.png
    [ "$(n_rows out/manifest.tsv)" -eq 68961 ]
    [ "$(find out -name '*.png' | wc -l)" -eq 68961 ]
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

@test "tars hold the tiles, whatever the number of threads, and the manifest says where" {
    tile -s 50 -o files sheet.png
    for n in 1 3; do
        mkdir "t$n"
        tile -s 50 -j $n --shard-tiles 10 --tar "t$n/part" sheet.png
    done
    diff -r t1 t3
    [ "$(find t1 -name '*.tar' | wc -l)" -eq 4 ]
    tail -n +2 t1/part.tsv | while IFS=$'\t' read -r file offset length _; do
        tail -c +$((offset + 1)) "t1/$file" | head -c "$length" | sha256sum
    done | sort > there
    (cd files && sha256sum -- *.png | sed 's/ .*/  -/') | sort > here
    same here there
    [ "$(tar -tf t1/part-000003.tar | tail -n 1)" = sheet_150_350.png ]
    [ "$(head -n 1 t1/part-000003.index)" = "v1.2 2" ]
    run -1 --separate-stderr tile -s 50 --tar t1/part sheet.png
    stderr_has "t1/part.tsv: exists already"
    echo mine > t1/part-000004.tar
    tile -s 100 --force --tar t1/part sheet.png
    [ "$(find t1 -type f | wc -l)" -eq 4 ]
    [ "$(cat t1/part-000004.tar)" = mine ]
}

@test "a tar ends before it has too many bytes" {
    tile -s 50 --shard-bytes 20000 --tar part sheet.png
    for tar in part-*.tar; do
        [ "$(stat -c %s "$tar")" -le 20000 ]
    done
    cat part-*.tar > all
    [ "$(n_rows part.tsv)" -eq 32 ]
}

@test "several sizes come from one pass, and names tell them apart" {
    tile -s 100 -s 50x40 -o both sheet.png
    tile -s 100 -o one sheet.png
    tile -s 50x40 -o other sheet.png
    [ "$(n_rows both/manifest.tsv)" -eq 48 ]
    same both/sheet_100x100_100_300.png one/sheet_100_300.png
    same both/sheet_050x040_160_350.png other/sheet_160_350.png
    [ "$(head -n 1 both/manifest.tsv | cut -f 11)" = size ]
    run -2 --separate-stderr tile -s 100 -s 50 --name '{stem}_{y}_{x}' -o out sheet.png
    stderr_has "gives tiles of one image the same name"
}

@test "a region alone is cut, in coordinates of the image" {
    tile -s 40 --roi 100,60,200x80 --virtual sheet.png > m.tsv
    [ "$(n_rows m.tsv)" -eq 10 ]
    [ "$(sed -n 2p m.tsv)" = $'sheet.png\t100\t60\t40\t40\t0\t0' ]
    tile -s 40 --roi 100,60,200x80 -o out sheet.png
    tile -s 20 -o cells sheet.png
    tile -s 20 -o again out/sheet_100_260.png
    same again/sheet_100_260_20_20.png cells/sheet_120_280.png
    run -2 --separate-stderr tile --roi 300,0,200x100 --virtual sheet.png
    stderr_has "sheet.png: --roi 300,0,200x100 is empty or not inside the image of 400 x 200"
}

@test "random places depend on the seed alone, lie inside and are distinct" {
    tile -s 64 --random 50 --seed 7 --virtual sheet.png > a.tsv
    tile -s 64 --random 50 --seed 7 -j 3 --virtual sheet.png > b.tsv
    tile -s 64 --random 50 --seed 8 --virtual sheet.png > c.tsv
    same a.tsv b.tsv
    run -1 cmp -s a.tsv c.tsv
    [ "$(tail -n +2 a.tsv | cut -f 2,3 | sort -u | wc -l)" -eq 50 ]
    awk 'NR > 1 && ($2 < 0 || $3 < 0 || $2 > 336 || $3 > 136) { exit 1 }' FS='\t' a.tsv
    tile -s 64 --random 50 --seed 7 -o out sheet.png
    [ "$(find out -name '*.png' | wc -l)" -eq 50 ]
    run -2 --separate-stderr tile -s 399x200 --random 3 --virtual sheet.png
    stderr_has "have 2 places for a tile of 399 x 200, 3 are asked for"
}

@test "points are centres of tiles" {
    printf 'x\ty\n110\t130\n30\t30\n' > points.tsv
    tile -s 20 --points points.tsv -o out sheet.png
    tile -s 20 -o cells sheet.png
    same out/sheet_020_020.png cells/sheet_020_020.png
    same out/sheet_120_100.png cells/sheet_120_100.png
    printf 'x\ty\n5\t30\n' > points.tsv
    run -2 --separate-stderr tile -s 20 --points points.tsv -o out2 sheet.png
    stderr_has "a tile of 20 x 20 around 5,30 is not inside of sheet.png"
}

@test "names are made of a template, and fan out over folders" {
    tile -s 100 --name 'r{row}/c{col}-{n}' -o out sheet.png
    [ -s out/r1/c3-7.png ]
    tile -s 100 --fan-out 3 -o fan sheet.png
    [ -s fan/000002/sheet_100_300.png ]
    [ "$(tail -n 1 fan/manifest.tsv | cut -f 1)" = 000002/sheet_100_300.png ]
    tile -s 100 --force --fan-out 3 -o fan sheet.png
    [ ! -e fan.old ]
    for name in '{stem}' '{x}' '../{n}' '/{n}' 'a/.{n}' '{nn}' '{n'; do
        run -2 --separate-stderr tile -s 100 --name "$name" -o bad sheet.png
        stderr_has "--name"
    done
}

@test "scores of lossless copies are those of a quarter of their size" {
    tile -s 400x200 --format jpeg -o whole sheet.png
    tile -s 400x200 --format jpg -o same sheet.png
    diff -r whole same
    cp whole/*.jpg photo.jpg
    tile -s 64x40 --edge partial --lossless --score brightness,contrast,focus -o copied photo.jpg
    tile -s 64x40 --edge partial --score brightness,contrast,focus -o cut photo.jpg
    # Means stay, and contrast falls.
    paste copied/manifest.tsv cut/manifest.tsv | awk -F'\t' '
        NR > 1 { if (($11 - $24) ^ 2 > 1e-4) exit 1; contrast += $25 - $12; n++ }
        END { exit !(contrast > 0.01 * n && n == 35) }'
    tile -q -s 64x40 --edge partial --lossless --keep 'brightness>=0.1' -o kept photo.jpg
    [ "$(n_rows kept/manifest.tsv)" -lt "$(n_rows copied/manifest.tsv)" ]
}

@test "--lossless copies the blocks of a JPEG, or says why it cannot" {
    tile -s 400x200 --format jpeg -o whole sheet.png
    cp whole/*.jpg photo.jpg
    tile -s 64x40 --edge partial --lossless -o copied photo.jpg
    tile -s 64x40 --edge partial --format raw -o cut photo.jpg
    tile -s 64 --edge partial --format raw -o again copied/*.jpg
    for name in cut/*.raw; do
        stem=$(basename "$name" .raw)
        same "$name" again/"${stem}"_*.raw
    done
    run -2 --separate-stderr tile -s 63 --lossless -o out photo.jpg
    stderr_has "photo.jpg: a tile at 63,0 does not lie on its grid of blocks of 8 x 8 pixels"
    run -2 --separate-stderr tile -s 64 --edge pad --lossless -o out photo.jpg
    stderr_has "a JPEG has no blocks for padding"
    run -2 --separate-stderr tile -s 64 --lossless -o out sheet.png
    stderr_has "sheet.png: is neither a JPEG nor a TIFF of JPEG tiles"
    run -2 --separate-stderr tile -s 64 --lossless --format png -o out photo.jpg
    stderr_has "--lossless copies JPEG as it is"
    [ ! -e out ]
    [ ! -e out.partial ]
}

@test "rows of a dataset are cut, and what they say comes along" {
    tile -s 16 -o out shapes.tsv
    [ "$(head -n 1 out/manifest.tsv | cut -f 11-)" = $'label\tgroup' ]
    [ "$(n_rows out/manifest.tsv)" -eq $((4 * $(n_rows shapes.tsv))) ]
    tile -s 100 --virtual sheet.png > big.tsv
    tile -s 20 --virtual big.tsv > cells.tsv
    tile -s 20 --virtual sheet.png > straight.tsv
    same <(tail -n +2 cells.tsv | cut -f 1-5 | sort) <(tail -n +2 straight.tsv | cut -f 1-5 | sort)
    tile -s 20 -o cells big.tsv
    [ "$(find cells -name '*.png' | wc -l)" -eq 200 ]
    tile -s 20 -o plain sheet.png
    same cells/sheet_100_000_*.png plain/sheet_100_000.png
    tile -s 16 --virtual shapes > folder.tsv
    [ "$(n_rows folder.tsv)" -eq 168 ]
    run -2 --separate-stderr tile -s 20 --name '{stem}_{y}_{x}' -o bad big.tsv
    stderr_has "could give tiles of two regions the same name; put in {n}"
    run -2 --separate-stderr tile -s 20 --virtual sheet.png big.tsv
    stderr_has "big.tsv: a dataset is cut alone"
    printf 'file_name\tx\ty\twidth\theight\nsheet.png\t0\tno\t9\t9\n' > bad.tsv
    run -1 --separate-stderr tile --virtual bad.tsv
    stderr_has "bad.tsv:2: y is 'no', a whole number of pixels was expected"
}

# pyramid FILE: the sheet as a TIFF with levels.
pyramid() {
    tile -s 40 --format tiff -o to-pyramid sheet.png
    untile --pyramid chain -o "$1" to-pyramid
}

@test "a level of a pyramid is cut, and the manifest says where it lies in the image" {
    pyramid slide.tif
    tile -s 50 --level 1 -o out slide.tif
    [ "$(head -n 1 out/manifest.tsv | cut -f 9-)" = \
        $'source_width\tsource_height\tscale\tgrid_x\tgrid_y\tgrid_width\tgrid_height\tscaled_width\tscaled_height' ]
    [ "$(tail -n 1 out/manifest.tsv | cut -f 3-)" = \
        $'300\t100\t100\t100\t1\t3\t400\t200\t0.5\t150\t50\t200\t100\t50\t50' ]
    tile -s 50 --scale 0.5 -o same slide.tif
    diff -r out same
    run -2 --separate-stderr tile -s 50 --level 9 -o bad slide.tif
    tile -s 50 --level 1 --virtual slide.tif > level.tsv
    untile -o level.tif level.tsv
    untile -o half.tif out
    same level.tif half.tif
    tile -s 25 --level 1 --roi 100,50,200x100 -o part slide.tif
    [ "$(n_rows part/manifest.tsv)" -eq 8 ]
    [ "$(sed -n 2p part/manifest.tsv | cut -f 3-6)" = $'100\t50\t50\t50' ]
}

@test "an image is cut at any scale, and put back as it was scaled" {
    for edge in partial pad shift spread; do
        rm -rf out
        tile -s 37 --overlap 5 --edge "$edge" --scale 0.3 -o out sheet.png
        untile -o "$edge.png" --verify sheet.png out
        same "$edge.png" partial.png
    done
    tile -s 9x700 --scale 0.3 -o columns sheet.png
    untile -o columns.png columns
    same columns.png partial.png
    [ "$(sed -n 2p out/manifest.tsv | cut -f 11-)" = $'0.3\t0\t0\t120\t60\t37\t37' ]
    tile -s 37 --scale 0.3 -j 1 --tar one sheet.png
    tile -s 37 --scale 0.3 -j 4 --tar four sheet.png
    same one-000000.tar four-000000.tar
}

@test "a tile of a scaled image that is no file is the same pixels" {
    for scale in 0.3 0.77 1.7; do
        tile -q -s 37 --edge partial --scale "$scale" --virtual sheet.png > rows.tsv 2> messages
        rm -rf out
        tile -q -s 37 --edge partial --scale "$scale" -o out sheet.png 2> messages
        untile -q -o "rows$scale.png" --verify sheet.png rows.tsv
        untile -q -o "files$scale.png" out
        same "rows$scale.png" "files$scale.png"
    done
    grep -q 'sheet.png: is enlarged from 400 x 200 to 680 x 340 pixels' messages
    run -1 --separate-stderr tile -s 9 --virtual rows.tsv
    stderr_has "has a value of scaled_width"
    awk -F'\t' -v OFS='\t' 'NR > 1 { $13 = 0 } { print }' rows.tsv > bad.tsv
    run -1 --separate-stderr untile -o bad.png bad.tsv
    stderr_has "bad.tsv:2: scaled_width is '0', a whole number of 1 or more was expected"
}

@test "a scale takes the next larger level, and a mask follows by its nearest pixels" {
    pyramid slide.tif
    tile -s 40 --edge partial --level 1 --format tiff -o level slide.tif
    untile -o level.tif level
    tile -s 40 --edge partial --scale 0.3 -o a slide.tif
    tile -s 40 --edge partial --scale 0.6 -o b level.tif
    untile -o a.png a
    untile -o b.png b
    same a.png b.png
    # Pixels of 4 x 4: the nearest of each four is one of them.
    tile -s 25 --edge partial --scale 4 --mask sheet.png -o c sheet.png 2> /dev/null
    untile -o large.png --files mask c
    tile -q -s 400x200 --scale 0.25 --mask large.png -o back large.png
    same back/*.mask.png <(tile -q -s 400x200 -o whole sheet.png; cat whole/*.png)
    run -1 --separate-stderr tile -s 25 --scale 0.5 --mask a.png -o d sheet.png
    stderr_has "a.png: is 120 x 60 pixels, but its image sheet.png is 400 x 200"
}

@test "a region of interest is in pixels of the image, and one outside of it is wrong usage" {
    tile -s 10 --scale 0.25 --roi 100,40,200x80 -o part sheet.png
    [ "$(n_rows part/manifest.tsv)" -eq 10 ]
    [ "$(sed -n 2p part/manifest.tsv | cut -f 3-6)" = $'100\t40\t40\t40' ]
    run -2 --separate-stderr tile -s 10 --scale 0.25 --roi 100,40,400x80 -o bad sheet.png
    stderr_has "sheet.png: --roi 100,40,400x80 is empty or not inside the image of 400 x 200"
    run -2 --separate-stderr tile -s 10 --scale 1e6 -o bad sheet.png
    stderr_has "--scale would make it"
    run -2 --separate-stderr tile -s 0 --virtual sheet.png
    stderr_has "--size: '0' is not a size such as 256x256"
}

@test "--virtual looks at headers, and with --check at pixels" {
    head -c 3000 sheet.png > torn.png
    tile -s 20 --virtual torn.png > rows.tsv
    run -1 --separate-stderr tile -s 20 --virtual --check torn.png
    stderr_has "torn.png: is damaged or truncated"
    tile -s 20 --virtual --check sheet.png > checked.tsv
    tile -s 20 --virtual sheet.png > rows.tsv
    same rows.tsv checked.tsv
    # Also where the mask alone would be read.
    run -1 --separate-stderr tile -s 20 --virtual --check --mask sheet.png torn.png
    stderr_has "torn.png: is damaged or truncated"
    run -2 --separate-stderr tile -s 20 --check -o bad sheet.png
    stderr_has "--check is for --virtual"
}

@test "a plan without a place to write is that of files" {
    tile -s 20 --plan sheet.png > plan.tsv
    tile -s 20 --plan -o out sheet.png > files.tsv
    same plan.tsv files.tsv
    [ "$(sed -n 2p plan.tsv | cut -f 10)" -gt 0 ]
    [ "$(tile -s 20 --plan --virtual sheet.png | sed -n 2p | cut -f 10)" -eq 0 ]
    [ "$(tile -s 20 --plan --scale 100 sheet.png | sed -n 2p | cut -f 11)" -gt 0 ]
    [ ! -e out ]
}

@test "loaders of lesser trust are allowed by name" {
    printf 'P5 4 4 255\n0123456789abcdef' > a.ppm
    run -1 --separate-stderr tile -s 2 --virtual a.ppm
    stderr_has "TESSERA_ALLOW_LOADERS=ppm"
    tile -s 2 --virtual --allow-loader ppm a.ppm > rows.tsv
    [ "$(n_rows rows.tsv)" -eq 4 ]
    run -2 --separate-stderr tile -s 2 --virtual --allow-loader any a.ppm
    stderr_has "--allow-loader: 'any' is no loader that can be allowed"
}

# turn JPEG N: write it with EXIF orientation N.
turn() {
    head -c 2 "$1"
    printf '\xff\xe1\x00\x22Exif\x00\x00II*\x00\x08\x00\x00\x00\x01\x00\x12\x01\x03\x00\x01\x00\x00\x00'
    printf '%b' "\\x0$2" '\x00\x00\x00\x00\x00\x00\x00'
    tail -c +3 "$1"
}

@test "the orientation that was applied is in the manifest, if there is one" {
    tile -s 400x200 --format jpeg -o whole sheet.png
    cp whole/*.jpg flat.jpg
    turn flat.jpg 6 > turned.jpg
    tile -s 50 -o out turned.jpg flat.jpg
    [ "$(head -n 1 out/manifest.tsv | cut -f 9-)" = $'source_width\tsource_height\torientation' ]
    [ "$(sed -n 2p out/manifest.tsv | cut -f 9-)" = $'200\t400\t6' ]
    [ "$(tail -n 1 out/manifest.tsv | cut -f 9-)" = $'400\t200\t1' ]
    tile -s 50 --virtual turned.jpg > rows.tsv
    [ "$(tail -n 1 rows.tsv)" = $'turned.jpg\t150\t350\t50\t50\t7\t3\t6' ]
    [ "$(tile -s 50 --virtual flat.jpg | head -n 1 | cut -f 7-)" = col ]
    # What cuts the rows again reads the image upright, and no orientation twice.
    tile -s 50 --format raw -o again rows.tsv
    tile -s 50 --format raw -o direct turned.jpg
    same again/turned_350_150_*.raw direct/turned_350_150.raw
}

@test "points name their images where there are several" {
    mkdir sub
    cp sheet.png sub/other.png
    cp sheet.png third.png
    printf 'file_name\tx\ty\n../sheet.png\t30\t30\nother.png\t110\t130\n../sheet.png\t50\t70\n' > sub/p.tsv
    run -0 --separate-stderr tile -s 20 --points sub/p.tsv -o out sheet.png ./sub/other.png third.png
    stderr_has "third.png: --points has no place in it"
    [ "$(tail -n +2 out/manifest.tsv | cut -f 1,3,4)" = \
        $'sheet_020_020.png\t20\t20\nsheet_060_040.png\t40\t60\nother_120_100.png\t100\t120' ]
    run -2 --separate-stderr tile -s 20 --points sub/p.tsv -o bad sheet.png
    stderr_has "sub/other.png, which is not among the images to cut"
    [ ! -e bad ]
    printf 'file_name\tx\ty\n\\N\t30\t30\n' > p.tsv
    run -1 --separate-stderr tile -s 20 --points p.tsv -o bad sheet.png
    stderr_has "p.tsv:2: has no file_name"
}
