# tile: labels and class counts from masks and annotations, scores, and rules that drop tiles.
load helper

# n_rows FILE: rows of a manifest.
n_rows() {
    echo $(($(wc -l < "$1") - 1))
}

# column NAME FILE: the values of a manifest's column.
column() {
    awk -F'\t' -v name="$1" 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == name) at = i }
        NR > 1 { print $at }' "$2"
}

# sum NAME FILE: of a column.
sum() {
    column "$1" "$2" | awk '{ sum += $1 } END { print sum + 0 }'
}

le() {
    printf '%b' "\\x$(printf %02x $(($1 & 255)))\\x$(printf %02x $(($1 >> 8 & 255)))"
}

# entry TAG TYPE VALUE: of a TIFF's directory.
entry() {
    le "$1"
    le "$2"
    le 1
    le 0
    le "$3"
    le $(($3 >> 16))
}

# mask FILE WIDTH HEIGHT BAND...: 8-bit grey TIFF; each BAND is "ROWS VALUE", rows of one value.
# Its tag of GDAL says that 7 is no data.
mask() {
    local file=$1 width=$2 height=$3 band rows value
    shift 3
    {
        printf 'II*\0\x08\0\0\0'
        le 9
        entry 256 4 "$width"
        entry 257 4 "$height"
        entry 258 3 8
        entry 259 3 1
        entry 262 3 1
        entry 273 4 122
        entry 278 4 "$height"
        entry 279 4 $((width * height))
        le 42113
        le 2
        printf '\x02\0\0\0007\0\0\0\0\0\0\0'
        for band; do
            read -r rows value <<< "$band"
            head -c $((rows * width)) /dev/zero | tr '\0' "\\$(printf %03o "$value")"
        done
    } > "$file"
}

# area FILE NAME RING...: a feature of one class, its rings as JSON.
area() {
    local file=$1 name=$2 rings
    shift 2
    rings=$(printf ',%s' "$@")
    cat > "$file" << END
{"type": "FeatureCollection", "features": [{"type": "Feature", "geometry":
{"type": "Polygon", "coordinates": [${rings:1}]},
"properties": {"classification": {"name": "$name"}}}]}
END
}

@test "masks make labels, and counts that sum to the whole" {
    mask mask.tif 400 200 "70 3" "130 5"
    tile -s 100 --mask mask.tif --label majority --virtual sheet.png > m.tsv
    [ "$(head -n 1 m.tsv)" = $'file_name\tx\ty\twidth\theight\trow\tcol\tmask\tlabel\tn_3\tn_5' ]
    [ "$(sed -n 2p m.tsv)" = $'sheet.png\t0\t0\t100\t100\t0\t0\tmask.tif\t3\t7000\t3000' ]
    [ "$(column label m.tsv | tr '\n' ' ')" = "3 3 3 3 5 5 5 5 " ]
    [ "$(sum n_3 m.tsv) $(sum n_5 m.tsv)" = "28000 52000" ]
}

@test "of equals the lowest class wins, and other rules come first" {
    mask mask.tif 400 200 "100 7" "100 2"
    tile -s 200 --mask mask.tif --label majority --virtual sheet.png > m.tsv
    [ "$(column label m.tsv | sort -u)" = 2 ]
    tile -s 200 --mask mask.tif --label '7>0.5' --label any:9,7 --virtual sheet.png > m.tsv
    [ "$(column label m.tsv | sort -u)" = 7 ]
    tile -s 200 --mask mask.tif --label '7>0.5' --virtual sheet.png > m.tsv
    [ "$(column label m.tsv | sort -u)" = '\N' ]
    tile -s 200 --mask mask.tif --label '7>=0.5' --virtual sheet.png > m.tsv
    [ "$(column label m.tsv | sort -u)" = 7 ]
    tile -s 200 --mask mask.tif --label centre --virtual sheet.png > m.tsv
    [ "$(column label m.tsv | sort -u)" = 2 ]
}

@test "classes have names, and ignored ones are no data" {
    mask mask.tif 400 200 "50 0" "50 1" "50 2" "50 255"
    printf '0 none\n1 grass\n2 grass\n255 unknown\n' > classes.txt
    tile -s 200 --mask mask.tif --classes classes.txt --ignore unknown,none --label 'grass>=1' \
        --virtual sheet.png > m.tsv
    [ "$(head -n 1 m.tsv | cut -f 9-)" = $'label\tn_grass\tn_ignored' ]
    [ "$(sed -n 2p m.tsv | cut -f 9-)" = $'grass\t20000\t20000' ]
    printf '0 none\n1 grass\n' > classes.txt
    run -1 --separate-stderr tile -s 200 --mask mask.tif --classes classes.txt --virtual sheet.png
    stderr_has "the mask has the value 2, which classes.txt does not list"
}

@test "mask tiles lie beside the tiles and show what was counted" {
    mask mask.tif 400 200 "70 3" "130 5"
    tile -s 64 --edge partial --mask mask.tif -o out sheet.png
    [ "$(n_rows out/manifest.tsv)" -eq 28 ]
    paste <(column file_name out/manifest.tsv) <(column mask out/manifest.tsv) \
        <(column n_3 out/manifest.tsv) <(column n_5 out/manifest.tsv) > rows
    while IFS=$'\t' read -r image mask three five; do
        tile -s 64 --edge partial --mask "out/$mask" --label any:3,5 --virtual "out/$image" > one.tsv
        [ "$(sum n_3 one.tsv) $(sum n_5 one.tsv)" = "$three $five" ]
    done < rows
}

@test "padding is not counted" {
    mask mask.tif 400 200 "200 3"
    tile -s 150 --edge pad --mask mask.tif --score ink -o out sheet.png
    [ "$(sum n_3 out/manifest.tsv)" -eq 80000 ]
}

@test "labels can be folders, as for other tools" {
    mask mask.tif 400 200 "100 1" "100 2"
    printf '1 ../grass\n2 tree\n' > classes.txt
    tile -s 100 --mask mask.tif --classes classes.txt --label majority --name '{label}/{y}_{x}' \
        -o out sheet.png
    [ "$(find out -name '*_*.png' -printf '%h\n' | sort | uniq -c | tr -s ' ' | tr '\n' ';')" = \
        " 8 out/%2e%2e%2fgrass; 8 out/tree;" ]
    [ "$(column label out/manifest.tsv | sort | uniq -c | tr -s ' ' | tr '\n' ';')" = \
        " 4 ../grass; 4 tree;" ]
    run -2 --separate-stderr tile --name '{label}/{y}_{x}' -o other sheet.png
    stderr_has "--name: there is no {label} without rules of --label"
}

@test "several masks are cut along, the first is counted" {
    mask mask.tif 400 200 "100 1" "100 2"
    tile -s 100 --mask mask.tif --mask depth=sheet.png --label majority -o out sheet.png
    [ "$(head -n 1 out/manifest.tsv | cut -f 11-)" = $'mask\tmask_depth\tlabel\tn_1\tn_2' ]
    [ "$(sed -n 2p out/manifest.tsv | cut -f 12)" = sheet_000_000.mask_depth.png ]
    tile -s 50 -o depth out/sheet_000_000.mask_depth.png
    tile -s 50 -o image out/sheet_000_000.png
    same depth/sheet_000_000.mask_depth_00_50.png image/sheet_000_000_00_50.png
}

@test "masks of many images come from a folder or a pattern" {
    mkdir images masks
    for i in 1 2; do
        cp sheet.png images/s$i.png
        mask masks/s$i.tif 400 200 "200 $i"
        cp masks/s$i.tif images/s${i}_labels.tif
    done
    tile -s 200 --mask masks --label majority --virtual images/s?.png > a.tsv
    tile -s 200 --mask 'images/{stem}_labels.tif' --label majority --virtual images/s?.png > b.tsv
    [ "$(column label a.tsv | tr '\n' ' ')" = "1 1 2 2 " ]
    [ "$(column label b.tsv)" = "$(column label a.tsv)" ]
    rm masks/s2.tif
    run -1 --separate-stderr tile -s 200 --mask masks --virtual images/s?.png
    stderr_has "--mask: masks has no file 's2'"
    run -2 --separate-stderr tile -s 200 --mask masks/s1.tif --virtual images/s?.png
    stderr_has "one file 'masks/s1.tif' for 2 images"
}

@test "a mask of another size is refused before any work" {
    mask mask.tif 400 199 "199 1"
    run -1 --separate-stderr tile -s 100 --mask mask.tif -o out sheet.png
    stderr_has "mask.tif: is 400 x 199 pixels, but its image sheet.png is 400 x 200"
    [ ! -e out ] && [ ! -e out.partial ]
}

@test "annotations are counted by pixel centres, holes left out" {
    area a.geojson tumour '[[50,50],[250.4,50],[250.4,150],[50,150],[50,50]]' \
        '[[100,100],[120,100],[120,120],[100,120]]'
    tile -s 50 --annotations a.geojson --label 'tumour>0.5' --label =healthy --virtual sheet.png \
        > m.tsv
    [ "$(head -n 1 m.tsv | cut -f 8-)" = $'label\tn_background\tn_tumour' ]
    [ "$(sum n_tumour m.tsv)" -eq $((200 * 100 - 400)) ]
    [ "$(($(sum n_tumour m.tsv) + $(sum n_background m.tsv)))" -eq 80000 ]
    [ "$(column label m.tsv | grep -c tumour)" -eq 8 ]
    [ "$(column label m.tsv | grep -c healthy)" -eq 24 ]
}

@test "an image that nobody looks at is not decoded" {
    mask mask.tif 400 200 "70 3" "130 5"
    area a.geojson tumour '[[50,50],[250,50],[250,150],[50,150]]'
    head -c 3000 sheet.png > cut.png
    tile -s 100 --mask mask.tif --virtual cut.png > m.tsv
    [ "$(sum n_3 m.tsv)" -eq 28000 ]
    tile -s 100 --annotations a.geojson --virtual cut.png > m.tsv
    [ "$(sum n_tumour m.tsv)" -eq 20000 ]
    run -1 --separate-stderr tile -s 100 --mask mask.tif --score focus --virtual cut.png
    stderr_has "cut.png: is damaged or truncated"
}

@test "wrong annotations name the feature" {
    area a.geojson tumour '[[50,50],[250,"50"],[250,150]]'
    run -1 --separate-stderr tile --annotations a.geojson --virtual sheet.png
    stderr_has "a.geojson: feature 1, ring 1: expected points of two numbers"
    echo '{"type": "Feature"' > a.geojson
    run -1 --separate-stderr tile --annotations a.geojson --virtual sheet.png
    stderr_has "a.geojson:"
    stderr_has "is no JSON"
}

@test "each score is a column, and the number of threads changes none" {
    tile -s 50 --score range,focus,tissue,entropy -j 1 --virtual sheet.png > a.tsv
    tile -s 50 --score range,focus,tissue,entropy -j 3 --virtual sheet.png > b.tsv
    same a.tsv b.tsv
    [ "$(head -n 1 a.tsv | cut -f 8-)" = $'range\tfocus\ttissue\tentropy' ]
    column entropy a.tsv | awk '!($1 > 0 && $1 <= 8) { exit 1 }'
    column tissue a.tsv | awk '!($1 > 0 && $1 < 1) { exit 1 }'
}

@test "what is no data has no part in scores" {
    mask bands.tif 100 100 "50 7" "25 0" "25 255"
    tile -s 100 --score nodata,brightness --virtual bands.tif > m.tsv
    [ "$(tail -n 1 m.tsv | cut -f 8-)" = $'0.5\t0.5' ]
    tile -s 100 --score nodata,brightness --nodata 255 --virtual bands.tif > m.tsv
    [ "$(tail -n 1 m.tsv | cut -f 8)" = 0.25 ]
    tile -s 100 --score nodata --nodata none --virtual bands.tif > m.tsv
    [ "$(tail -n 1 m.tsv | cut -f 8)" = 0 ]
}

@test "files and rows have the same numbers" {
    tile -s 50 --score range,focus,tissue,entropy --virtual sheet.png | cut -f 8- > a.tsv
    tile -s 50 --score range,focus,tissue,entropy -o out sheet.png
    cut -f 11- out/manifest.tsv > b.tsv
    same a.tsv b.tsv
}

@test "rules keep and drop, each dropped tile is counted by its reason" {
    tile -s 50 --score entropy --virtual sheet.png > all.tsv
    middle=$(column entropy all.tsv | sort -g | sed -n 16p)
    run -0 --separate-stderr tile -s 50 --keep "entropy>$middle" --rejects no.tsv --virtual sheet.png
    echo "$output" > yes.tsv
    [ "$(n_rows yes.tsv)" -eq 16 ]
    stderr_has "dropped 16 tiles: --keep entropy>$middle"
    [ "$(n_rows no.tsv)" -eq 16 ]
    [ "$(column reason no.tsv | sort -u)" = "--keep entropy>$middle" ]
    run -0 --separate-stderr tile -s 50 --drop "entropy>$middle" --virtual sheet.png
    [ "${#lines[@]}" -eq 17 ]
    sort <(column entropy yes.tsv) <(column entropy no.tsv) > both
    column entropy all.tsv | sort > every
    same both every
}

@test "rules look at classes and labels too" {
    mask mask.tif 400 200 "70 3" "130 5"
    tile -s 100 --mask mask.tif --keep '3>0.5' --virtual sheet.png > m.tsv
    [ "$(column n_3 m.tsv | sort -u)" = 7000 ]
    tile -s 100 --mask mask.tif --label any:3 --drop label=none --virtual sheet.png > m.tsv
    [ "$(n_rows m.tsv)" -eq 4 ]
    tile -s 100 --mask mask.tif --drop 'n_5>=10000' -o out sheet.png
    [ "$(n_rows out/manifest.tsv)" -eq 4 ]
    [ "$(ls out | grep -c mask)" -eq 4 ]
}

@test "wrong usage is told, with what there is" {
    mask mask.tif 400 200 "200 1"
    while IFS='|' read -r arguments text; do
        eval "set -- $arguments"
        run -2 --separate-stderr tile --virtual "$@" sheet.png
        [ -z "$output" ]
        stderr_has "$text"
    done << 'END'
--score fokus|--score: 'fokus' is none of range, ink
--drop entropy|--drop: 'entropy' is no rule
--keep 'entropy<x'|--keep: 'x' in 'entropy<x' is not a number
--keep 'sharpness>1'|--keep: 'sharpness' is none of range
--label majority|--label: there are no classes without --mask or --annotations
--ignore 0|--ignore: there are no classes
--mask mask.tif --label most|--label: 'most' is no rule; there are majority
--mask mask.tif --label any:x|--label: 'x' is none of the classes 1
--mask mask.tif --mask mask.tif|two masks would be the column mask
--ink black|--ink is for the score ink
--nodata 0|--nodata is for scores, and there are none
--white 0 --score range|--white
--rejects no.tsv --score range|--rejects: no rule drops tiles
--ink-tolerance 2 --score ink|--ink-tolerance
--ink 1,2 --score ink|--ink: 2 values, but sheet.png has 1 bands
END
}

@test "masks that a dataset names are cut along, and make labels and counts" {
    mkdir masks
    mask masks/a.tif 400 200 "50 1" "150 2"
    printf '1 sky\n2 land\n' > classes
    printf 'file_name\tx\ty\twidth\theight\tmask\nsheet.png\t0\t0\t200\t200\tmasks/a.tif\n' > m.tsv
    printf 'sheet.png\t200\t0\t200\t200\tmasks/a.tif\n' >> m.tsv
    tile -s 100 --classes classes --label majority --virtual m.tsv > rows.tsv
    tile -s 100 --mask masks/a.tif --classes classes --label majority --virtual sheet.png > same.tsv
    [ "$(head -n 1 rows.tsv | cut -f 8-)" = $'mask\tlabel\tn_sky\tn_land' ]
    same <(sort rows.tsv | cut -f 1-5,8-) <(sort same.tsv | cut -f 1-5,8-)
    [ "$(sum n_sky rows.tsv)" -eq 20000 ]
    tile -s 100 --label 'sky>=0.5' --label =rest --classes classes -o out m.tsv
    [ "$(column label out/manifest.tsv | sort | uniq -c | tr -s ' \n' ' ')" = " 4 rest 4 sky " ]
    [ -s "out/$(column mask out/manifest.tsv | head -n 1)" ]
    # --mask takes the place of the column.
    mask other.tif 400 200 "200 2"
    tile -s 100 --mask other.tif --classes classes --virtual m.tsv > other.tsv
    [ "$(sum n_sky other.tsv)" -eq 0 ]
}

@test "masks of a dataset that do not fit are named" {
    mask a.tif 400 200 "200 1"
    mask small.tif 100 100 "100 1"
    printf 'file_name\tmask\nsheet.png\tsmall.tif\n' > m.tsv
    run -1 --separate-stderr tile -s 100 --virtual m.tsv
    stderr_has "small.tif: is 100 x 100 pixels, but its image"
    printf 'file_name\tmask\nsheet.png\ta.tif\nsheet.png\tsmall.tif\n' > m.tsv
    run -1 --separate-stderr tile -s 100 --virtual m.tsv
    stderr_has "m.tsv:3: its mask is "
    first=$(find shapes/disc -name '*.png' | head -n 1)
    printf 'file_name\tmask\nsheet.png\ta.tif\n%s\t\\N\n' "$first" > m.tsv
    run -1 --separate-stderr tile -s 10 --virtual m.tsv
    stderr_has "has no mask in the manifest, as others have"
}

@test "annotations are painted as masks of the tiles" {
    cat > areas.geojson << 'EOF'
{"type": "FeatureCollection", "features": [
  {"type": "Feature", "properties": {"classification": {"name": "left"}},
   "geometry": {"type": "Polygon", "coordinates": [[[0,0],[50,0],[50,200],[0,200]]]}},
  {"type": "Feature", "properties": {"classification": {"name": "top"}},
   "geometry": {"type": "Polygon", "coordinates": [[[0,0],[400,0],[400,20],[0,20]]]}}]}
EOF
    tile -s 100 --annotations areas.geojson --paint -o out sheet.png
    [ "$(head -n 1 out/manifest.tsv | cut -f 11-)" = $'mask\tn_background\tn_left\tn_top' ]
    [ "$(sed -n 2p out/manifest.tsv | cut -f 11-)" = $'sheet_000_000.mask.png\t4000\t4000\t2000' ]
    # What was painted, cut as a mask, has the same counts.
    untile -q --files mask -o areas.png out
    printf '0 background\n1 left\n2 top\n' > classes
    tile -s 100 --mask areas.png --classes classes -o again sheet.png
    same out/manifest.tsv again/manifest.tsv
    diff -r out again
    printf '0 background\n7 left\n300 top\n' > wide
    tile -s 100 --annotations areas.geojson --classes wide --paint --tar wide sheet.png
    tar -tf wide-000000.tar | grep -qx sheet_100_300.mask.png
    tar -xf wide-000000.tar
    tile -s 100 --format raw -o bare sheet_000_000.mask.png
    [ "$(od -An -tu2 -N2 bare/*.raw | tr -d ' ')" = 300 ]
    run -2 --separate-stderr tile -s 100 --annotations areas.geojson --paint --virtual sheet.png
    stderr_has "--paint writes masks of tiles, it is for -o and --tar"
    run -2 --separate-stderr tile -s 100 --paint -o bad sheet.png
    stderr_has "--paint: paints what --annotations draws"
    run -2 --separate-stderr tile -s 100 --paint --annotations areas.geojson --mask areas.png -o bad sheet.png
    stderr_has "--paint makes the column mask; name the other one"
    tile -s 100 --paint --annotations areas.geojson --mask other=areas.png -o both sheet.png
    same both/sheet_000_000.mask.png both/sheet_000_000.mask_other.png
}
