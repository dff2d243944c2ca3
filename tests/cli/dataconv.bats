# dataconv: every layout is written and read back; what it cannot do, and what it never leaves.
load helper

# counts DATASET: the classes and their counts.
counts() {
    classstats --show classes "$1" | cut -f 1,2
}

# where LAYOUT FOLDER: what to give a tool to read it.
where() {
    case $1 in
        csv) echo "$2"/*.csv ;;
        *) echo "$2" ;;
    esac
}

setup() {
    scratch_setup
    awk -F'\t' -v OFS='\t' '{ print $0, NR == 1 ? "split" : NR % 3 ? "train" : "test" }' shapes.tsv > split.tsv
}

@test "every layout reads back with the classes it was written from" {
    counts shapes.tsv > expected
    for layout in imagefolder yolo hf-csv hf-jsonl idx wds coco csv manifest; do
        dataconv -q shapes.tsv --to "$layout" -o "$layout"
        counts "$(where "$layout" "$layout")" > found
        same expected found || fail "$layout"
        no_leftovers .
    done
}

@test "splits are kept by every layout that names them" {
    classstats --show splits split.tsv > expected
    for layout in imagefolder yolo hf-csv hf-jsonl idx wds coco manifest; do
        dataconv -q split.tsv --to "$layout" -o "$layout"
        classstats --show splits "$layout" > found
        same expected found || fail "$layout"
    done
    dataconv -q split.tsv --to csv -o csv
    [ "$(tail -q -n +2 csv/train.csv csv/test.csv | wc -l)" -eq 42 ]
}

@test "a round trip through every layout keeps the pixels" {
    head -n 10 shapes.tsv > few.tsv
    dataconv -q few.tsv --to manifest --materialize -o expected
    for layout in imagefolder hf-csv hf-jsonl idx wds coco csv manifest; do
        dataconv -q few.tsv --to "$layout" -o "$layout"
        dataconv -q "$(where "$layout" "$layout")" --to manifest --materialize -o "$layout-back"
        (cd expected/images && sha256sum -- * | cut -d ' ' -f 1 | sort) > a
        (cd "$layout-back" && find . -name '*.png' -exec sha256sum {} + | cut -d ' ' -f 1 | sort) > b
        [ "$(wc -l < a)" -eq 9 ]
        same a b || fail "$layout"
    done
}

@test "regions are rendered, or boxes of COCO" {
    tile --virtual -s 20 sheet.png | awk -F'\t' -v OFS='\t' '{ print $0, NR == 1 ? "label" : int($3 / 20) }' > cells.tsv
    dataconv cells.tsv --to imagefolder -o cells 2> message
    grep -q "0 copied, 0 linked, 200 rendered" message
    [ -f cells/3/sheet_20_60_20x20.png ]
    dataconv cells.tsv --to coco -o coco 2> message
    grep -q "1 copied, 0 linked, 0 rendered" message
    [ "$(find coco -name '*.png' | wc -l)" -eq 1 ]
    same sheet.png coco/default/sheet.png
    dataconv -q coco --to manifest -o - | cut -f 2-6 | sed 1d | sort > a
    awk -F'\t' -v OFS='\t' 'NR > 1 { print $2, $3, $4, $5, $NF }' cells.tsv | sort > b
    same a b
}

@test "bytes are copied out of a tar as they are, and linked files are the files" {
    dataconv -q shapes.tsv --to wds -o shards
    dataconv -q shards --to imagefolder --copy -o copied
    same shapes/disc/disc-01.png copied/disc/disc-01.png
    dataconv -q shapes.tsv --to imagefolder --link hard -o hard
    [ shapes/disc/disc-01.png -ef hard/disc/disc-01.png ]
    dataconv -q shapes.tsv --to imagefolder --link sym -o sym
    [ -L sym/disc/disc-01.png ]
    [ shapes/disc/disc-01.png -ef sym/disc/disc-01.png ]
    run -2 --separate-stderr dataconv shards --to imagefolder --link sym -o never
    stderr_has "data-000000.tar@512: is a part of a file"
    [ ! -e never ]
}

@test "shards are the same for any number of threads, and filled by samples and bytes" {
    dataconv -q -j 1 split.tsv --to wds --materialize --shard-samples 10 -o one
    dataconv -q -j 3 split.tsv --to wds --materialize --shard-samples 10 -o three
    diff -r one three
    [ "$(cd one && echo *.tar)" = "test-000000.tar test-000001.tar train-000000.tar train-000001.tar train-000002.tar" ]
    dataconv -q shapes.tsv --to wds --shard-bytes 20000 -o bytes
    [ "$(find bytes -name '*.tar' | wc -l)" -gt 3 ]
    [ -z "$(find bytes -name '*.tar' -size +20000c)" ]
    dataconv -q shapes.tsv --to wds --shard-bytes 1 -o single
    [ "$(find single -name '*.tar' | wc -l)" -eq 42 ]
    tar -xf one/test-000000.tar
    [ "$(cat disc-02.json)" = '{"label": "disc", "group": "disc-1"}' ]
    [ "$(cat disc-02.cls)" = 0 ]
}

@test "names that are taken get a number" {
    { cat shapes.tsv; sed -n '2p;2p' shapes.tsv; } > twice.tsv
    dataconv twice.tsv --to imagefolder -o out 2> message
    grep -q "2 names were taken" message
    same out/disc/disc-01.png out/disc/disc-01-3.png
    [ "$(find out -name '*.png' | wc -l)" -eq 44 ]
}

@test "tools train on and predict from tars and IDX files" {
    dataconv -q shapes.tsv --to wds -o shards
    dataconv -q shapes.tsv --to idx -o idx
    for data in shards idx; do
        train -q --epochs 1 -o "run-$data" "$data"
        predict -q -m "run-$data/model.safetensors" "$data" > "$data.tsv"
        [ "$(wc -l < "$data.tsv")" -eq 43 ]
    done
}

@test "Kaggle's table without extensions finds its pictures" {
    mkdir train_images
    cp shapes/disc/disc-01.png train_images/a1.png
    printf 'id,breed\na1,disc\n' > train.csv
    [ "$(dataconv train.csv --to manifest -o - | tail -n 1)" = $'train_images/a1.png\tdisc' ]
}

@test "a folder with a table of its pictures is not taken for one of classes" {
    dataconv -q shapes.tsv --to csv -o csv
    counts csv > found
    counts csv/labels.csv > expected
    same expected found
    ! grep -q images found || fail "a folder became a class"
    dataconv -q split.tsv --to csv -o splits
    run -1 --separate-stderr classstats splits
    stderr_has "splits: has test.csv and train.csv, each a data set of its own; name one of these files"
    dataconv -q shapes.tsv --to imagefolder -o classes
    echo 'id,label' > classes/disc.csv
    mkdir classes/disc/more
    run -0 --separate-stderr classstats classes
}

@test "what is there is not overwritten, and --force replaces it whole" {
    mkdir out && touch out/mine
    run -1 --separate-stderr dataconv shapes.tsv --to hf-csv -o out
    stderr_has "out: exists already and is not empty; --force replaces it"
    [ -e out/mine ]
    run -1 --separate-stderr dataconv --force shapes.tsv --to hf-csv -o out
    stderr_has "out: is not replaced, since tessera did not write out/mine; move the one or the other away"
    [ -e out/mine ] && rm out/mine
    dataconv -q shapes.tsv --to yolo -o out
    dataconv -q --force shapes.tsv --to hf-csv -o out
    [ ! -e out/train ]
    [ -f out/metadata.csv ]
    run -2 --separate-stderr dataconv --force out --to idx -o out
    stderr_has "holds pictures of the data set"
    ln -s out behind
    run -2 --separate-stderr dataconv --force behind --to idx -o out
    stderr_has "holds pictures of the data set"
    [ -f out/metadata.csv ]
    run -2 --separate-stderr dataconv --force shapes.tsv --to idx -o .
    stderr_has "not replaced"
    mkdir real && touch real/mine && ln -s real link
    run -2 --separate-stderr bash -c 'cd link && dataconv --force ../shapes.tsv --to idx -o ../real'
    stderr_has "not replaced"
    [ -e real/mine ]
    no_leftovers .
}

@test "an error or a signal leaves nothing" {
    cp shapes.tsv bad.tsv
    printf 'shapes/gone.png\tdisc\tx\n' >> bad.tsv
    for layout in imagefolder hf-csv idx wds coco csv manifest; do
        run -1 --separate-stderr dataconv bad.tsv --to "$layout" -o out
        stderr_has "gone.png"
        [ ! -e out ]
    done
    no_leftovers .
}

@test "a full disk is an error that leaves nothing" {
    small_tmpfs disk 64k
    run -1 --separate-stderr dataconv shapes.tsv --to wds -o disk/out
    stderr_has "No space left"
    [ -z "$(ls -A disk)" ]
}

@test "wrong usage and rows that a layout cannot hold end with 2" {
    bad() { # MESSAGE ARGUMENT...
        local message=$1
        shift
        run -2 --separate-stderr dataconv "$@"
        stderr_has "$message"
        [ ! -e out ]
    }
    bad "--to: say which layout" shapes.tsv -o out
    bad "-o: say where" shapes.tsv --to idx
    bad "--to: 'x' is none of imagefolder" shapes.tsv --to x -o out
    bad "exclude each other" shapes.tsv --to csv --copy --materialize -o out
    bad "--link: 'soft' is not hard or sym" shapes.tsv --to csv --link soft -o out
    bad "a tar holds no links" shapes.tsv --to wds --link sym -o out
    bad "--format: 'gif' is none of" shapes.tsv --to csv --format gif -o out
    bad "only wds and manifest can hold arrays" shapes.tsv --to csv --format npy -o out
    bad "--quality: 0 is outside" shapes.tsv --to csv --quality 0 -o out
    bad "are for --to wds" shapes.tsv --to csv --shard-samples 5 -o out
    bad "--to idx renders every picture" shapes.tsv --to idx --copy -o out
    bad "has no labels, which this layout needs" shapes/disc --to imagefolder -o out
    printf 'file_name\tlabel\nsheet.png\ta/b\n' > slash.tsv
    bad "slash.tsv:2: the label 'a/b' cannot be the name of a folder" slash.tsv --to yolo -o out
    printf 'file_name\tlabel\nsheet.png\t\\N\n' > null.tsv
    bad "null.tsv:2: has no label" null.tsv --to imagefolder -o out
    printf 'file_name\tlabel\nsheet.png\ta\nshapes/disc/disc-01.png\ta\n' > sizes.tsv
    bad "sizes.tsv:3: is 32x32x3:u8, pictures before it are 400x200x1:u8" sizes.tsv --to idx -o out
}
