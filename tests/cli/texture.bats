# texture: columns added to rows, numbers as a matrix, and what it does with bad input.
load helper

# features: the columns of the manifest on standard input that texture added.
features() {
    awk -F'\t' 'NR == 1 {for (first = 1; $first != "first_order_mean"; first++);}
        {line = $first; for (i = first + 1; i <= NF; i++) line = line FS $i; print line}'
}

@test "rows come out in order, whole, with the features behind them" {
    texture shapes.tsv > out.tsv
    cut -f 1-3 out.tsv | cmp - shapes.tsv
    columns=$(texture --columns | paste -s)
    [ "$(head -n 1 out.tsv | cut -f 4-)" = "$columns" ]
    awk -F'\t' -v n="$(texture --columns | wc -l)" 'NF != n + 3 {exit 1}' out.tsv
}

@test "every family adds the columns that it names" {
    for family in first_order entropy laplacian moments glcm lbp gabor; do
        texture -f "$family" shapes.tsv > out.tsv
        [ "$(head -n 1 out.tsv | cut -f 4- | tr '\t' '\n')" = \
            "$(texture -f "$family" --columns shapes.tsv)" ] || fail "$family"
        texture --help | grep -q "^  $family " || fail "--help is silent of $family"
    done
}

@test "the number of threads changes no byte" {
    tile -s 20 --virtual sheet.png > cells.tsv
    cat cells.tsv cells.tsv | awk 'NR == 1 || !/file_name/' > many.tsv
    for n in 1 2 5; do
        texture -j $n -f glcm,lbp,gabor,laplacian --levels 16 many.tsv > "out$n.tsv"
    done
    same out1.tsv out2.tsv
    same out1.tsv out5.tsv
    [ "$(wc -l < out1.tsv)" -eq 401 ]
}

@test "regions of a sheet are measured as the tiles cut from it" {
    tile -s 50 --virtual sheet.png | texture - | features > regions.tsv
    tile -q -s 50 -o tiles sheet.png
    texture tiles | features > files.tsv
    [ "$(wc -l < regions.tsv)" -eq 33 ]
    same regions.tsv files.tsv
}

@test "a pipe, a folder and a file give the same" {
    texture -f entropy shapes.tsv | cut -f 1,4 > file.tsv
    texture -f entropy < shapes.tsv | cut -f 1,4 > pipe.tsv
    same file.tsv pipe.tsv
    texture -f entropy shapes/disc > folder.tsv
    [ "$(wc -l < folder.tsv)" -eq 25 ]
}

@test "features are replaced, not added again, and names carry parameters" {
    texture -f glcm --levels 8 --offset 1,0 --offset=-1,2 --properties contrast,energy shapes.tsv |
        texture -f glcm --levels 8 --offset 1,0 --offset=-1,2 --properties contrast,energy > out.tsv
    [ "$(head -n 1 out.tsv | cut -f 4-)" = \
        $'glcm_contrast_l8_x1_y0\tglcm_energy_l8_x1_y0\tglcm_contrast_l8_x-1_y2\tglcm_energy_l8_x-1_y2' ]
}

@test "moments have columns for each band of the first row" {
    [ "$(texture -f moments --columns shapes.tsv | wc -l)" -eq 9 ]
    [ "$(tile --virtual -s 20 sheet.png | texture -f moments --columns - | wc -l)" -eq 3 ]
    { cat shapes.tsv; printf 'sheet.png\tdisc\tx\n'; } > mixed.tsv
    run -1 --separate-stderr texture -f moments -o out.tsv mixed.tsv
    stderr_has "mixed.tsv:$(wc -l < mixed.tsv): has 1 colour bands, the first row has 3"
    [ ! -e out.tsv ]
}

@test "--mask takes the pixels that the mask picture marks, region by region" {
    tile -s 100 --virtual sheet.png |
        awk -F'\t' -v OFS='\t' '{print $0, NR == 1 ? "mask" : "sheet.png"}' > masked.tsv
    # The sheet is its own mask: no pixel of value 0 counts.
    texture --mask -f first_order masked.tsv > out.tsv
    awk -F'\t' 'NR == 1 {for (i = 1; i <= NF; i++) if ($i == "first_order_min") c = i; next}
        $c < 1 {exit 1}' out.tsv
    texture --mask-class 7 -f first_order,entropy masked.tsv |
        awk -F'\t' 'NR > 1 && $NF != 0 {exit 1}' || fail "one value has no entropy"
    # Nothing at all has no value.
    texture --mask-class 1000 -f entropy masked.tsv | awk -F'\t' 'NR > 1 && $NF != "\\N" {exit 1}'
}

@test "masks that are not there or do not fit are named" {
    run -1 --separate-stderr texture --mask shapes.tsv
    stderr_has "mask"
    awk -F'\t' -v OFS='\t' '{print $0, NR == 1 ? "mask" : "sheet.png"}' shapes.tsv > masked.tsv
    run -1 --separate-stderr texture --mask masked.tsv
    stderr_has "masked.tsv:2: the mask is 400 x 200 pixels, the image 32 x 32"
    awk -F'\t' -v OFS='\t' '{print $0, NR == 1 ? "mask" : "\\N"}' shapes.tsv > masked.tsv
    run -1 --separate-stderr texture --mask masked.tsv
    stderr_has "masked.tsv:2: has no mask"
}

@test "--format npy holds the numbers of all rows" {
    texture -f first_order,entropy --format npy -o out.npy shapes.tsv
    n=$((42 * 12))
    [ "$(wc -l < shapes.tsv)" -eq 43 ]
    [ "$(stat -c %s out.npy)" -eq $((128 + 8 * n)) ]
    texture -f first_order,entropy shapes.tsv | sed 1d | cut -f 4- | tr '\t' '\n' > text
    tail -c $((8 * n)) out.npy | od -A n -v -t f8 -w8 | awk '{print $1 + 0}' > binary
    awk '{print $1 + 0}' text | paste - binary |
        awk '{d = $1 - $2; if (d < 0) d = -d; if (d > 1e-4 * ($1 < 0 ? -$1 : $1) + 1e-9) exit 1}'
    run -2 --separate-stderr texture --format npy shapes.tsv
    stderr_has "-o"
}

@test "an existing file is kept without --force" {
    echo old > out.tsv
    run -1 --separate-stderr texture -o out.tsv shapes.tsv
    [ "$(cat out.tsv)" = old ]
    texture --force -o out.tsv shapes.tsv
    [ "$(wc -l < out.tsv)" -eq 43 ]
}

@test "wrong usage ends with 2 and is named" {
    while IFS='|' read -r options named; do
        # shellcheck disable=SC2086  # words
        run -2 --separate-stderr texture $options shapes.tsv
        [ -z "$output" ] || fail "$options: $output"
        stderr_has "$named"
    done << 'END'
-f colour|'colour'
--grey luma|--grey: 'luma'
--convention matlab|'matlab'
--properties roughness|'roughness'
--levels 1|--levels: 1
--levels 4096|--levels: 4096
--range 5|--range
--range 5,5|--range
--range 0,x|'x'
--distances 0|--distances
--distances 1.5|--distances
--distances 1,1|glcm_contrast_d1_a0
--angles north|'north'
--convention ibsi --angles 30|--angles: 30
--offset 1|--offset
--offset 0,0|--offset
--offset 1,0 --angles 0|exclude
--directions some|'some'
--percentiles -1|--percentiles
-f lbp --lbp circular|'circular'
-f lbp --lbp-points 1|--lbp-points
-f lbp --lbp-points 13 --lbp default|--lbp-points: 13
-f lbp --lbp-radius 0|--lbp-radius
-f gabor --frequencies 0.1,0.9|--frequencies: 0.9
-f gabor --frequencies 0.1,|--frequencies
-f gabor --orientations 0|--orientations
-f gabor --bandwidth none|--bandwidth
--band -3|--band
--mask-class -5|--mask-class
--format csv|'csv'
END
}

@test "unreadable pictures and rows that are no samples end with 1, named, without a file" {
    cp shapes.tsv bad.tsv
    printf 'text.png\tdisc\tx\n' >> bad.tsv
    echo "no picture" > text.png
    run -1 --separate-stderr texture -o out.tsv bad.tsv
    stderr_has "text.png"
    [ ! -e out.tsv ]
    no_leftovers .
    run -1 --separate-stderr texture --split nowhere shapes.tsv
    stderr_has "nowhere"
    run -1 --separate-stderr texture --band 3 shapes.tsv
    stderr_has "shapes.tsv:2: has 3 bands beside opacity, there is no band 3"
}

@test "regions smaller than an offset, and of one pixel, have what can be had" {
    printf 'file_name\tx\ty\twidth\theight\nsheet.png\t8\t8\t1\t1\nsheet.png\t8\t8\t5\t2\n' > small.tsv
    texture -f entropy,glcm --properties contrast --distances 1,3 --angles 0,90 small.tsv |
        cut -f 6- > out.tsv
    [ "$(sed -n 2p out.tsv)" = $'0\t\\N\t\\N\t\\N\t\\N' ]
    sed -n 3p out.tsv | awk -F'\t' '$2 == "\\N" || $3 == "\\N" || $4 == "\\N" || $5 != "\\N" {exit 1}'
}

@test "a data set without rows has a header" {
    head -n 1 shapes.tsv | texture -f entropy - > out.tsv
    [ "$(cat out.tsv)" = $'file_name\tlabel\tgroup\tentropy' ]
}

@test "the worked example tells shapes by their texture" {
    awk -F'\t' -v OFS='\t' '{print $0, NR == 1 ? "split" : NR % 2 ? "train" : "test"}' shapes.tsv > split.tsv
    texture -f laplacian,glcm,lbp --levels 32 --directions merge split.tsv > features.tsv
    "$source_root/pipelines/texture/nearest-mean" features.tsv features.tsv > predicted.tsv
    [ "$(wc -l < predicted.tsv)" -eq 43 ]
    awk -F'\t' 'NR > 1 && !($NF > 0.5 && $NF <= 1) {exit 1}' predicted.tsv
    evaluate --split test --metrics accuracy --fail-if 'accuracy<0.6' predicted.tsv
}
