# augment: changed samples as rows and as files, the same pixels either way, and what it refuses.
load helper

# cut_all MANIFEST DIR: the samples of a manifest as files, named by their row.
render() {
    augment -q --ops none --all-splits -o "$2" "$1"
    rm "$2/manifest.tsv" "$2/.tessera-files"
    for file in "$2"/*.png; do
        mv "$file" "$2/$(basename "$file" | grep -o '[0-9]*_[0-9]*.png$' | cut -d_ -f1)"
    done
}

all=rotate=30,scale=0.2,shear=10,shift=0.1,hflip,vflip@0.3,perspective=0.3,elastic=20:3
all+=,resized-crop=0.5..1,brightness=0.3@0.7,contrast=0.3,gamma=0.5,saturation=0.5,hue=0.1
all+=,blur=2@0.5,sharpen=1,noise=0.1,poisson=30..300@0.5,salt-pepper=0.05,jpeg=30..90,erase=0.02..0.2
all+=,clahe=1..4:2,stain=0.1,shear-y=5,crop=pad:4:reflect@0.5,posterize=3..8@0.5,solarize=0.5..1
all+=,autocontrast@0.3,equalize@0.3,sharpness=0.9,randaugment=2:20,trivialaugment

@test "--virtual writes a row with its changes for each copy" {
    augment --ops rotate=10,hflip -n 3 --virtual shapes.tsv > out.tsv
    [ "$(sed -n 1p out.tsv)" = $'file_name\tlabel\tgroup\top' ]
    [ "$(tail -n +2 out.tsv | wc -l)" -eq 126 ]
    [ "$(tail -n +2 out.tsv | cut -f 4 | grep -c '^rotate=-\?[0-9.]*\(,hflip\)\?$')" -eq 126 ]
}

@test "rows and files are the same pixels, and the text alone makes them again" {
    augment -q --ops "$all,d4,crop=20x20" -n 2 --seed 5 --virtual shapes.tsv > out.tsv
    augment -q --ops "$all,d4,crop=20x20" -n 2 --seed 5 -o files shapes.tsv
    [ "$(tail -n +2 out.tsv | cut -f 4)" = "$(tail -n +2 files/manifest.tsv | cut -f 5)" ]
    render out.tsv virtual
    render files/manifest.tsv again
    diff -r virtual again
}

@test "train and predict see the same pixels in rows and in files" {
    augment -q --ops "$all" -n 2 --virtual shapes.tsv > out.tsv
    augment -q --ops "$all" -n 2 -o files shapes.tsv
    train -q -j 1 --epochs 1 -o run1 out.tsv
    train -q -j 1 --epochs 1 -o run2 files/manifest.tsv
    same run1/history.csv run2/history.csv
    predict -q -m run1/model.safetensors out.tsv | cut -f 5- > a
    predict -q -m run1/model.safetensors files/manifest.tsv | cut -f 6- > b
    same a b
}

@test "threads, order and other rows change no pixel" {
    augment -q --ops "$all" -n 2 -j 1 -o one shapes.tsv
    augment -q --ops "$all" -n 2 -j 5 -o five shapes.tsv
    diff -r one five
    augment -q --ops "$all" -n 2 --virtual shapes.tsv | tail -n +2 | sort > all.txt
    (sed -n 1p shapes.tsv; tail -n +2 shapes.tsv | sort -r | head -n 20) |
        augment -q --ops "$all" -n 2 --virtual | tail -n +2 | sort > some.txt
    [ "$(comm -13 all.txt some.txt | wc -l)" -eq 0 ]
    augment -q --ops "$all" -n 2 --seed 1 --virtual shapes.tsv | tail -n +2 | sort > other.txt
    [ "$(comm -12 all.txt other.txt | wc -l)" -eq 0 ]
}

@test "repeated rows are changed in different ways" {
    (cat shapes.tsv; tail -n +2 shapes.tsv) | augment -q --ops rotate=40 --virtual > out.tsv
    [ "$(cut -f 4 out.tsv | sort -u | wc -l)" -eq 85 ]
}

@test "a second run adds a step, which works on what the first one made" {
    augment -q --ops rotate=20,brightness=0.5 --virtual shapes.tsv > one.tsv
    augment -q --ops shift=0.2,contrast=0.5 --virtual one.tsv > two.tsv
    [ "$(tail -n +2 two.tsv | cut -f 4 | grep -c '^rotate=.*|shift=.*,contrast=')" -eq 42 ]
    render two.tsv chained
    augment -q --ops none -o first one.tsv
    awk -F'\t' -v OFS='\t' 'NR == FNR { sub(/.*[|]/, "", $4); op[FNR] = $4; next }
                            { print $1, FNR == 1 ? "op" : op[FNR] }' two.tsv first/manifest.tsv > first/by-hand.tsv
    render first/by-hand.tsv stepwise
    diff -r chained stepwise
}

@test "turns that come back restore the picture bit for bit" {
    with_op() {
        awk -v OFS='\t' -v op="$1" '{ print $1, NR == 1 ? "op" : op }' shapes.tsv
    }
    with_op 'd4=r90|d4=r90,d4=r90|rotate=90|hflip|d4=h' > back.tsv
    with_op 'd4=r90' > turned.tsv
    for name in back turned shapes; do
        render $name.tsv $name.files
    done
    diff -r shapes.files back.files
    run -1 diff -rq shapes.files turned.files
}

@test "--balance makes all classes as large as the largest, and keeps the samples" {
    augment -q --ops d4 --balance --virtual shapes.tsv > even.tsv
    [ "$(tail -n +2 even.tsv | cut -f 2 | sort | uniq -c | awk '{ print $1 }' | sort -u)" = 24 ]
    [ "$(tail -n +2 even.tsv | cut -f 1 | sort -u | wc -l)" -eq 42 ]
}

@test "only rows of train change, others are passed on" {
    datasplit -q --seed 1 --no-groups shapes.tsv > split.tsv
    augment -q --ops rotate=20 -n 2 --virtual split.tsv > out.tsv
    train=$(cut -f 4 split.tsv | grep -c train)
    [ "$(awk -F'\t' '$4 == "train" && $5 ~ /rotate/' out.tsv | wc -l)" -eq $((2 * train)) ]
    [ "$(awk -F'\t' '$4 != "train" && $5 == "\\N"' out.tsv | wc -l)" -eq $((42 - train)) ]
    augment -q --ops rotate=20 --all-splits --virtual split.tsv > all.tsv
    [ "$(grep -c rotate= all.tsv)" -eq 42 ]
    run -1 --separate-stderr augment --ops rotate=20 --split gone --virtual split.tsv
    stderr_has "no row has the split 'gone'"
}

@test "masks go with their pictures, and are ignored outside" {
    # The mask of each picture is the picture: with flips alone they stay equal.
    awk -F'\t' -v OFS='\t' '{ print $0, NR == 1 ? "mask" : $1 }' shapes.tsv > masked.tsv
    augment -q --ops hflip,vflip,d4 -n 3 -o flipped masked.tsv
    for file in flipped/masks/*.png; do
        same "$file" "flipped/${file##*/}"
    done
    [ "$(sed -n 2p flipped/manifest.tsv | cut -f 4)" = masks/disc-01_00_1.png ]
    augment -q --ops rotate=45..45 -o turned masked.tsv
    tile -s 4x4 --virtual turned/masks/disc-01_00_1.png | sed -n 1,2p > corner.tsv
    augment -q --ops none -o corner corner.tsv
    # 4 x 4 pixels of white compress to next to nothing, and are the same as in any other mask.
    tile -s 4x4 --virtual turned/masks/disc-02_01_1.png | sed -n 1,2p > other.tsv
    augment -q --ops none -o other other.tsv
    same corner/*.png other/*.png
}

@test "regions of a sheet are augmented without copying a pixel" {
    tile -s 20 --virtual sheet.png > cells.tsv
    augment -q --ops resized-crop=0.5..1,d4 --virtual cells.tsv > out.tsv
    [ "$(tail -n +2 out.tsv | wc -l)" -eq 200 ]
    [ "$(sed -n 1p out.tsv)" = $'file_name\tx\ty\twidth\theight\trow\tcol\top\tgroup' ]
    [ "$(sed -n 2p out.tsv | cut -f 9)" = "sheet.png#0,0,20,20" ]
}

@test "--show draws a sheet" {
    augment --ops "$all" --show look.png shapes.tsv
    [ "$(tile --plan look.png | tail -n 1 | cut -f 2-5)" = $'1060\t1060\t3\t8-bit' ] || tile --plan look.png
}

@test "ids of copies are distinct" {
    awk -F'\t' -v OFS='\t' '{ print $0, NR == 1 ? "id" : "s" NR }' shapes.tsv > named.tsv
    augment -q --ops rotate=5 -n 2 --keep --virtual named.tsv > out.tsv
    [ "$(cut -f 4 out.tsv | sort | uniq -d | wc -l)" -eq 0 ]
    [ "$(sed -n 3p out.tsv | cut -f 4)" = s2~1 ]
}

@test "wrong usage ends with 2 and says what is right" {
    check() {
        run -2 --separate-stderr augment "${@:2}"
        [ -z "$output" ] || fail "$output"
        stderr_has "$1"
    }
    check "change what?" --virtual shapes.tsv
    check "where to?" --ops hflip shapes.tsv
    check "exclude each other" --ops hflip -o d --virtual shapes.tsv
    check "exclude each other" --ops hflip --balance -n 2 --virtual shapes.tsv
    check "less than 1" --ops hflip -n 0 --virtual shapes.tsv
    check "'spin=3' (nearest: stain) is none of hflip" --ops spin=3 --virtual shapes.tsv
    check "'rotate=400' is not rotate=DEGREES" --ops rotate=400 --virtual shapes.tsv
    check "stands twice" --ops hflip,hflip --virtual shapes.tsv
    check "--format: 'bmp'" --ops hflip --format bmp -o d shapes.tsv
    check "have no quality" --ops hflip --quality 3 -o d shapes.tsv
    check "are for -o" --ops hflip --quality 3 --virtual shapes.tsv
}

@test "changes of a row that are not known end with 1 and name the row" {
    printf 'file_name\tlabel\top\nshapes/disc/disc-01.png\ta\thflip\nshapes/disc/disc-02.png\tb\tspin=3\n' > bad.tsv
    for tool in "augment --ops hflip --virtual" "train -o run --epochs 1"; do
        # shellcheck disable=SC2086  # words
        run -1 --separate-stderr $tool bad.tsv
        stderr_has "bad.tsv:3: op: 'spin=3' is no change that is known: hflip, vflip"
    done
    printf 'file_name\top\nshapes/disc/disc-01.png\tcrop=0:0:33:4\n' > bad.tsv
    run -1 --separate-stderr augment --ops none -o d bad.tsv
    stderr_has "bad.tsv:2: crop: 33 x 4 pixels at 0,0 are not inside of 32 x 32"
}

@test "a crop that is too large is refused with its row, before any file is there" {
    run -1 --separate-stderr augment --ops crop=40x8 -o d shapes.tsv
    stderr_has "shapes.tsv:2: crop: 40 x 8 pixels cannot be cut out of 32 x 32"
    [ ! -e d ]
}

@test "a folder is replaced whole, with --force and if augment wrote it" {
    augment -q --ops hflip -o d shapes.tsv
    run -1 --separate-stderr augment --ops vflip -o d shapes.tsv
    stderr_has "--force replaces it"
    augment -q --ops vflip --force -n 2 -o d shapes.tsv
    [ "$(find d -name '*.png' | wc -l)" -eq 84 ]
    augment -q --ops vflip --force -o d shapes.tsv
    [ "$(find d -name '*.png' | wc -l)" -eq 42 ]
    no_leftovers .
    cp -r d before
    run -2 --separate-stderr augment --ops vflip --force -o d d/manifest.tsv
    stderr_has "d: holds pictures of the data set"
    touch d/mine
    run -1 --separate-stderr augment --ops vflip --force -o d shapes.tsv
    stderr_has "tessera did not write d/mine"
    rm d/mine
    diff -r before d
}

@test "an error in the middle, or a kill, leaves nothing under the final name" {
    cp shapes.tsv bad.tsv
    printf 'shapes/gone.png\tdisc\tx\n' >> bad.tsv
    run -1 --separate-stderr augment --ops hflip -o d bad.tsv
    stderr_has "gone.png"
    [ ! -e d ]
    no_leftovers .
    augment -q --ops hflip -n 500 -j 1 -o d shapes.tsv & pid=$!
    wait_until bash -c 'ls .d.*/*.png'
    end_with 137 KILL $pid
    [ ! -e d ]
    small_tmpfs disk 64k
    run -1 --separate-stderr augment --ops hflip -o disk/d shapes.tsv
    stderr_has "No space left"
    [ -z "$(ls -A disk)" ]
}

@test "what the pictures cannot have is refused by name, before any work" {
    tile -s 20 --virtual sheet.png > cells.tsv
    run -2 --separate-stderr augment --ops rotate=5,hue=0.1 -o d cells.tsv
    stderr_has "hue needs RGB, this picture has 1 band"
    [ ! -e d ]
    awk -v OFS='\t' '{ print $0, NR == 1 ? "label" : NR % 2 }' cells.tsv > labelled.tsv
    run -2 --separate-stderr train --augment stain=0.1 -o no labelled.tsv
    stderr_has "stain needs RGB, this picture has 1 band"
}

@test "train --augment takes the same list and refuses what its input cannot be" {
    train -q -j 1 --epochs 1 -o run --augment "rotate=10,elastic=20:3@0.5,gamma=0.2" shapes.tsv
    run -2 --separate-stderr train -o no --augment crop=8x8 shapes.tsv
    stderr_has "'crop' makes 8 x 8 pixels, 32 x 32 are needed here"
}
