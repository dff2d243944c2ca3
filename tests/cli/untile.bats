# untile: tiles come back bit for bit, predictions come back to their place, bad input is named.
load helper

# answers FILE: a manifest of 20 x 20 regions of the sheet with pred and p_ columns.
answers() {
    tile -s 20 --virtual sheet.png |
        awk -F'\t' -v OFS='\t' 'NR == 1 { print $0, "pred", "p_even", "p_odd"; next }
            { odd = $7 % 2; print $0, odd ? "odd" : "even", 1 - odd, odd }' > "$1"
}

@test "tiles come back bit for bit for every edge rule, overlap and window" {
    for edge in shift partial pad spread; do
        for how in "-s 64" "-s 70x30 --overlap 16" "-s 90 --stride 31x47" "-s 512"; do
            # shellcheck disable=SC2086
            tile $how --edge $edge --force -o tiles sheet.png
            for window in constant hann; do
                untile -q -w $window tiles --verify sheet.png || fail "$edge, $how, $window"
            done
            untile -q -w crop tiles --verify sheet.png || fail "$edge, $how, crop"
        done
    done
}

@test "the image is written in every format, and is the same" {
    tile -s 64 --overlap 10 -o tiles sheet.png
    for suffix in png tif; do
        untile -o again.$suffix tiles
        tile -s 50 -o from-$suffix again.$suffix
        untile -q from-$suffix --verify sheet.png
    done
    untile --compression none --pyramid chain -o pyramid.tif tiles
    for quality in 75 95; do
        untile -o again$quality.jpg --quality $quality tiles
        tile -s 400x200 --format jpeg --quality $quality -o jpeg$quality sheet.png
        same again$quality.jpg jpeg$quality/*.jpg
    done
    for suffix in png tif; do
        untile -o small.$suffix --level 9 tiles
        untile -q tiles --verify small.$suffix
        [ "$(stat -c %s small.$suffix)" -lt "$(stat -c %s again.$suffix)" ]
    done
    untile -o again.npy tiles
    [ "$(head -c 6 again.npy | tail -c 5)" = NUMPY ]
    [ "$(stat -c %s again.npy)" -eq $((128 + 400 * 200)) ]
    no_leftovers .
}

@test "the order of rows and the number of threads change no byte" {
    tile -s 50 --stride 20 -o tiles sheet.png
    # Neighbours' files in one another's place, so that overlapping tiles disagree.
    awk -F'\t' -v OFS='\t' 'NR == 1 { print; next } { name[NR] = $1; row[NR] = $0 }
        END { for (i = 2; i <= NR; i++) { $0 = row[i]; $1 = name[2 + (i * 7) % (NR - 1)]; print } }' \
        tiles/manifest.tsv > tiles/mixed.tsv
    (sed -u 1q; shuf --random-source=sheet.png) < tiles/mixed.tsv > tiles/shuffled.tsv
    untile -w hann -j 1 tiles/mixed.tsv -o one.tif
    untile -w hann -j 5 tiles/shuffled.tsv -o two.tif
    same one.tif two.tif
    run -1 untile -q -w hann tiles/mixed.tsv --verify sheet.png
}

@test "--verify says how many pixels differ, and the first; nothing is written" {
    tile -s 100 -o tiles sheet.png
    cp tiles/sheet_000_100.png tiles/sheet_100_200.png
    run -1 --separate-stderr untile tiles --verify sheet.png -o out.png
    [[ $stderr =~ "sheet.png: differs from the tiles in "[0-9]+" of 80000 pixels, first at 2"[0-9][0-9]",1"[0-9][0-9]" in band 0: it has" ]] ||
        fail "$stderr"
    [ ! -e out.png ]
    tile -s 50 -o small tiles/sheet_000_000.png
    run -1 --separate-stderr untile small --verify sheet.png
    stderr_has "sheet.png: is 400 x 200 pixels of 1 8-bit bands, the tiles make 100 x 100"
}

@test "a missing tile fails by name, is filled, or is transparent" {
    tile -s 100 -o tiles sheet.png
    grep -v 'sheet_100_200' tiles/manifest.tsv > tiles/holes.tsv
    run -1 --separate-stderr untile tiles/holes.tsv -o out.png
    stderr_has "10000 of 80000 pixels of "
    stderr_has "have no tile, first 100 x 100 at 200,100"
    [ ! -e out.png ]
    untile tiles/holes.tsv --missing fill:7 -o out.npy
    [ "$(tail -c +$((128 + 150 * 400 + 250 + 1)) out.npy | head -c 1 | od -An -tu1)" -eq 7 ]
    untile tiles/holes.tsv --missing transparent -o out.png --coverage cover.png
    tile -s 400x200 --plan out.png > plan.tsv
    [ "$(tail -n 1 plan.tsv | cut -f4)" -eq 2 ]
    [ -s cover.png ]
    rm tiles/sheet_000_000.png
    run -1 --separate-stderr untile tiles -o gone.png
    stderr_has "tiles/manifest.tsv:2: "
    stderr_has "sheet_000_000.png: cannot be opened"
}

@test "classes are put back as numbers, with their names beside" {
    answers answers.tsv
    untile --class pred answers.tsv -o map.npy
    [ "$(cat map.classes.txt)" = $'even\nodd' ]
    [ "$(tail -c +$((128 + 1)) map.npy | head -c 45 | od -An -v -tu1 | tr -d ' \n')" = 000000000000000000001111111111111111111100000 ]
    untile --probability answers.tsv -o p.npy
    [ "$(stat -c %s p.npy)" -eq $((128 + 400 * 200 * 2 * 4)) ]
    [ "$(tail -c 8 p.npy | od -An -tf4 | tr -s ' ')" = " 0 1" ]
    untile --probability --argmax answers.tsv -o argmax.npy
    same map.npy argmax.npy
    same map.classes.txt argmax.classes.txt
    # Nothing is even: the number of odd stays.
    sed 's/\teven/\todd/' answers.tsv > odd.tsv
    untile --class pred odd.tsv -o all.npy
    same map.classes.txt all.classes.txt
    [ "$(tail -c 3 all.npy | od -An -v -tu1 | tr -d ' \n')" = 111 ]
    printf 'none\nodd\neven\n' > list.txt
    untile --class pred --class-list list.txt answers.tsv -o listed.npy
    same list.txt listed.classes.txt
    [ "$(tail -c +$((128 + 1)) listed.npy | head -c 45 | od -An -v -tu1 | tr -d ' \n')" = 222222222222222222221111111111111111111122222 ]
    untile --class pred --class-list listed.classes.txt answers.tsv -o again.npy
    same listed.npy again.npy
    echo even > short.txt
    run -1 --separate-stderr untile --class pred --class-list short.txt answers.tsv -o x.npy
    stderr_has "answers.tsv:3"
    run -1 --separate-stderr untile --class pred --class-list gone.txt answers.tsv -o x.npy
    stderr_has "gone.txt: is not there"
    untile --values p_odd answers.tsv -o odd.tif
    [ "$(cat odd.classes.txt)" = p_odd ]
    run -1 --separate-stderr untile --probability shapes.tsv -o x.tif
    [ ! -e x.tif ]
}

# wide FILE: a TIFF of 150 x 70 pixels of 16 bits.
wide() {
    head -c 21000 /dev/urandom > wide.raw
    printf 'file_name\tsource\tsrc_x\tsrc_y\tsrc_width\tsrc_height\tsource_width\tsource_height\traw\n' > wide.tsv
    printf 'wide.raw\twide.tif\t0\t0\t150\t70\t150\t70\t150x70x1:u16\n' >> wide.tsv
    untile -o "$1" wide.tsv
}

@test "archives, arrays, centred padding and regions of interest come back too" {
    tile -s 64 --overlap 8 --tar shard sheet.png
    untile -q shard.tsv --verify sheet.png
    tile -s 64 --overlap 10 --edge pad --pad reflect --centred -o centred sheet.png
    wide wide.tif
    untile -q -w gaussian centred --verify sheet.png
    for format in npy raw tiff; do
        tile -s 64 --overlap 5 --edge pad --centred --format $format -o $format wide.tif
        untile -q $format --verify wide.tif
        tile -s 64 --format $format --tar $format wide.tif
        untile -q $format.tsv --verify wide.tif
    done
    [ "$(awk -F'\t' 'NR == 2 { print $11 }' raw/manifest.tsv)" = 64x64x1:u16 ]
    [ "$(awk -F'\t' 'NR == 1 { print $13 }' raw.tsv)" = raw ]
    tile -s 60 --roi 40,20,200x100 -o roi sheet.png
    run -1 --separate-stderr untile roi -o x.png
    stderr_has "60000 of 80000 pixels"
    untile -q roi --missing fill:0 -o filled.png
    tile -s 200x100 --roi 40,20,200x100 -o one sheet.png
    untile -q --missing fill:0 one --verify filled.png
    tile -s 40 -s 50 -o sizes sheet.png
    run -1 --separate-stderr untile sizes -o x.png
    stderr_has "size is 50x50, others before it are 40x40; choose one size, for instance: awk"
    awk -F'\t' 'NR == 1 || $0 ~ /\t50x50$/' sizes/manifest.tsv > sizes/fifty.tsv
    untile -q sizes/fifty.tsv --verify sheet.png
}

@test "a heat map lies over a small picture of the source" {
    answers answers.tsv
    untile answers.tsv --heatmap odd --thumbnail 100 -o heat.png
    tile --plan heat.png | tail -n 1 | cut -f2-5 > size
    [ "$(cat size)" = $'100\t50\t3\t8-bit' ]
    # Without colours it is another picture.
    untile answers.tsv --heatmap odd --thumbnail 100 --opacity 0 -o plain.png
    run -1 cmp -s plain.png heat.png
    untile --probability answers.tsv --heatmap odd --thumbnail 100 -o same.png
    same heat.png same.png
    (sed -u 1q; tail -n +50) < answers.tsv > part.tsv
    run -1 untile part.tsv --heatmap odd -o part.png
    untile -q part.tsv --heatmap odd --missing transparent --thumbnail 100 -o part.jpg
    run -1 --separate-stderr untile answers.tsv --heatmap cat -o x.png
    stderr_has "has neither a column p_cat"
    for wrong in "--heatmap odd" "--heatmap odd -o x.png --range 1,0" "--heatmap odd -o x.bmp" \
        "-o x.png --range 0,1" "--heatmap odd -o x.png --opacity 2" "--heatmap odd -o x.png --argmax" \
        "--heatmap odd -o x.png --thumbnail 0"; do
        # shellcheck disable=SC2086
        run -2 untile answers.tsv $wrong
    done
    [ -z "$(ls x.* 2> /dev/null)" ]
}

@test "a manifest in another folder finds tiles and source" {
    mkdir there
    tile -s 100 -o tiles sheet.png
    train -q --epochs 1 -o run shapes.tsv
    predict -q -m run/model.safetensors -p tiles -o there/answers.tsv
    untile -q there/answers.tsv --verify sheet.png
    untile -q there/answers.tsv --heatmap disc -o heat.png
    untile -q there/answers.tsv --class pred -o map.png
    [ -s map.classes.txt ]
}

@test "files of another column are put back" {
    tile -s 100 -o tiles sheet.png
    awk -F'\t' -v OFS='\t' '{ print $0, NR == 1 ? "picture" : $1; $1 = NR == 1 ? $1 : "gone.png" }' \
        tiles/manifest.tsv > tiles/more.tsv
    untile -q --files picture tiles/more.tsv --verify sheet.png
}

@test "several sources want several names" {
    cp sheet.png other.png
    tile -s 100 -o tiles sheet.png other.png
    run -2 --separate-stderr untile tiles -o out.png
    stderr_has "the tiles are from 2 images"
    stderr_has "--source"
    untile tiles --source other.png -o one.png
    untile tiles -o '{stem}-again.tif'
    mkdir out
    untile tiles -o out
    same sheet-again.tif other-again.tif
    same out/sheet.tif out/other.tif
    untile -q tiles --source other.png --verify sheet.png
    run -2 --separate-stderr untile tiles --source none.png -o x.png
    stderr_has "--source: no row is of none.png"
    run -2 --separate-stderr untile tiles --verify sheet.png
    stderr_has "--verify: the tiles are from 2 images"
}

@test "bad manifests and tiles are named" {
    run -1 --separate-stderr untile shapes.tsv -o x.png
    stderr_has "shapes.tsv: says not where its rows lie"
    tile -s 100 -o tiles sheet.png
    (cat tiles/manifest.tsv; sed 1d tiles/manifest.tsv) > tiles/twice.tsv
    run -1 --separate-stderr untile tiles/twice.tsv -o x.png
    stderr_has "tiles/twice.tsv:10: puts a tile at 0,0, as tiles/twice.tsv:2 does"
    untile -q --merge last tiles/twice.tsv --verify sheet.png
    cp shapes/disc/disc-01.png tiles/sheet_000_100.png
    run -1 --separate-stderr untile tiles -o x.png
    stderr_has "tiles/manifest.tsv:3: has 3 8-bit bands, those before it 1 8-bit bands"
    tile -s 50 -o small sheet.png
    cp small/sheet_000_050.png tiles/sheet_000_100.png
    run -1 --separate-stderr untile tiles -o x.png
    stderr_has "tiles/manifest.tsv:3: is 50 x 50 pixels, the manifest says 100 x 100"
    head -c 1000 tiles/sheet_000_000.png > short.png && mv short.png tiles/sheet_000_000.png
    run -1 --separate-stderr untile tiles -o x.png
    stderr_has "sheet_000_000.png: is damaged or truncated"
    [ ! -e x.png ]
    no_leftovers .
}

@test "existing files are kept unless --force, and a full disk leaves nothing" {
    tile -s 100 -o tiles sheet.png
    echo old > out.png
    run -1 --separate-stderr untile tiles -o out.png
    stderr_has "out.png: exists already; --force"
    untile --force tiles -o out.png
    untile -q --force tiles -o out.png --verify sheet.png
    small_tmpfs disk 64k
    head -c 60k /dev/zero > disk/full
    for suffix in tif npy png jpg; do
        run -1 --separate-stderr untile --compression none tiles -o disk/out.$suffix
        stderr_has "No space left on device"
        [ "$(ls -A disk)" = full ]
    done
}

@test "wrong usage is told with the option's name" {
    tile -s 100 -o tiles sheet.png
    wrong() {
        run -2 --separate-stderr untile "$@" tiles
        [ -z "$output" ]
    }
    wrong
    stderr_has "-o FILE"
    wrong -o x.png -w hamming
    stderr_has "--window: 'hamming' is none of"
    wrong -o x.png -w crop:100
    stderr_has "--window: a margin of 100 x 100 leaves nothing"
    wrong -o x.png -m median
    stderr_has "--merge: 'median'"
    wrong -o x.png --missing skip
    stderr_has "--missing: 'skip'"
    wrong -o x.png --missing fill:300
    stderr_has "--missing fill: 300 cannot be held by 8-bit samples"
    wrong -o x.png --class pred --probability
    stderr_has "exclude each other"
    wrong -o x.png --class pred --merge mean
    stderr_has "classes can only vote"
    wrong -o x.png --argmax
    stderr_has "--argmax: wants a band for each class"
    wrong -o x.png --quality 0
    stderr_has "--quality: 0"
    wrong -o x.png --level 10
    stderr_has "--level: 10 is outside of 1 to 9"
    wrong -o x.tif --level 3 --compression lzw
    stderr_has "--level is for -o FILE.png"
    wrong -o x.jpg --level 3
    stderr_has "--level is for -o FILE.png"
    wrong -o x.png --class-list names
    stderr_has "--class-list numbers the classes of --class"
    wrong -o x.tif --compression zip
    stderr_has "--compression: 'zip'"
    wrong -o x.tif --pyramid yes
    stderr_has "--pyramid: 'yes'"
    wrong -o x.bmp
    stderr_has "'.bmp' is no format"
    run -1 --separate-stderr untile -o x.png --size 4 tiles
    stderr_has "manifest.tsv:2: 100 x 100 pixels at 0,0 are not inside of the image of 4 x 4"
    [ -z "$(ls x.* 2> /dev/null)" ]
}
