# train and bad input: each is named, ends with its status, and leaves no run behind.
load helper

setup() {
    scratch_setup
    tile -s 20 --virtual sheet.png |
        awk -F'\t' -v OFS='\t' 'NR == 1 {print $0, "label", "split"; next}
            {print $0, int($3 / 40), ($2 % 100 == 0 ? "val" : "train")}' > digits.tsv
}

# refused STATUS MESSAGE OPTIONS...: train ends so, says so, and there is no run.
refused() {
    local status=$1 message=$2
    shift 2
    run "-$status" --separate-stderr train -o run "$@"
    stderr_has "$message"
    [ ! -e run ] || fail "train $* left a run"
}

@test "a name that is not known is named, with those that are" {
    refused 2 "there is no optimizer 'sdg' (nearest: sgd); there are: sgd, nesterov" --optimizer sdg digits.tsv
    refused 2 "there is no schedule 'cosin' (nearest: cosine); there are:" --schedule cosin digits.tsv
    refused 2 "there is no loss 'focl' (nearest: focal); there are:" --loss focl digits.tsv
    refused 2 "there is no model 'resnt18' (nearest: resnet18)" --model resnt18 digits.tsv
    refused 2 "there is no callback 'earlystopping' (nearest: early-stopping); there are:" --callback earlystopping digits.tsv
    refused 2 "augmentation 'hflp' (nearest: hflip) is none of hflip, vflip" --augment hflp digits.tsv
    refused 2 "there is no sampler 'wieghted' (nearest: weighted); there are:" --sampler wieghted digits.tsv
    refused 2 "there is no mix 'mixp' (nearest: mixup); there are:" --mix mixp digits.tsv
    refused 2 "unknown weights 'balancd', there are: balanced" --class-weights balancd digits.tsv
}

@test "a split without rows is named" {
    refused 1 "there are no labelled rows with split 'nope'; there are: val, train" --train-split nope digits.tsv
    awk -F'\t' -v OFS='\t' 'NR > 1 {$NF = "s" NR} 1' digits.tsv > many.tsv
    refused 1 "with split 'train'; there are: s2, s3, s4, s5, s6, s7, s8, s9, ..." many.tsv
    refused 1 "with split 'val'" --train-split val <(sed '/val$/s/\t[0-9]*\tval/\t\\N\tval/' digits.tsv)
}

@test "a batch larger than the data is all of the data" {
    train -q -o run -m mlp -b 100000 --epochs 1 --no-tensorboard digits.tsv
    [ "$(tail -n +2 run/history.csv | wc -l)" -eq 1 ]
}

@test "a run does not go on as another network, and is left as it was" {
    train -q -o run -m mlp --epochs 1 --no-tensorboard digits.tsv
    sha256sum run/* > before
    run -2 --separate-stderr train -o run --resume -m mlp:hidden=64 --epochs 2 digits.tsv
    stderr_has "cannot resume with another architecture: the checkpoint has 'mlp', this run 'mlp:hidden=64'"
    sha256sum --quiet -c before
}

@test "a loss that explodes and stays finite is warned of, one that does not is not" {
    run -0 --separate-stderr train -q -o run -m mlp --lr 1000000 --epochs 2 --no-tensorboard digits.tsv
    stderr_has "guessing costs 1.609: training has diverged; choose a learning rate below 1e+06"
    run -0 --separate-stderr train -q -o other -m mlp --epochs 2 --no-tensorboard digits.tsv
    [ -z "$stderr" ]
}

# le2 N..., le4 N...: little-endian numbers of 2 and 4 bytes.
le2() {
    for number; do
        # shellcheck disable=SC2059  # bytes
        printf "$(printf '\\x%02x\\x%02x' $((number & 255)) $((number >> 8)))"
    done
}
le4() {
    for number; do
        le2 $((number & 65535)) $((number >> 16))
    done
}

# tiff BANDS BITS FORMAT SAMPLES: a TIFF of 2 x 2 pixels, to standard output.
tiff() {
    local n=$(($1 * $2 / 2)) tags tag
    tags="256:2 257:2 258:$2 259:1 262:1 273:8 277:$1 278:2 279:$n 339:$3"
    printf 'II*\0'
    le4 $((8 + n))
    # shellcheck disable=SC2059  # bytes
    printf "$4"
    le2 10
    for tag in $tags; do
        le2 "${tag%:*}" 3
        le4 1 "${tag#*:}"
    done
    le4 0
}

@test "pixels that are no numbers, and bands that cannot be the model's, are named with their row" {
    half='\0\0\0\x3f' nan='\0\0\xc0\x7f'
    tiff 1 32 3 "$half$half$half$half" > half.tif
    tiff 1 32 3 "$half$half$nan$half" > nan.tif
    tiff 5 8 1 "$(printf '\\x%02x' {1..20})" > five.tif
    table() {
        printf 'file_name\tlabel\n'
        printf '%s\t%d\n' half.tif 0 "$1" 1
    }
    table half.tif > good.tsv
    table nan.tif > nan.tsv
    table five.tif > five.tsv
    train -q -o good -m mlp -s 2x2 --epochs 1 --no-tensorboard good.tsv
    for table in nan:"has pixels that are no numbers (NaN)" five:"5 bands cannot be turned into 1"; do
        IFS=: read -r name message <<< "$table"
        for command in "train -o $name -m mlp -s 2x2 --epochs 1" "predict -m good/model.safetensors"; do
            # shellcheck disable=SC2086  # words
            run -1 --separate-stderr $command "$name.tsv"
            stderr_has "$name.tsv:3: $message"
        done
        [ ! -e "$name/model.safetensors" ]
    done
}

@test "pictures of another size or of colours become the model's input" {
    train -q -o run -m mlp --epochs 1 --no-tensorboard digits.tsv
    predict -m run/model.safetensors shapes.tsv > answers
    [ "$(wc -l < answers)" -eq "$(wc -l < shapes.tsv)" ]
}

@test "a label that the model does not know is named with its row" {
    train -q -o run -m mlp --epochs 1 --no-tensorboard digits.tsv
    awk -F'\t' -v OFS='\t' 'NR == 3 {$8 = "zebra"} 1' digits.tsv > zebra.tsv
    for command in "evaluate -m run/model.safetensors" "lrfind --from run/model.safetensors"; do
        # shellcheck disable=SC2086  # words
        run -1 --separate-stderr $command zebra.tsv
        stderr_has "zebra.tsv:3: label 'zebra' is not among the classes: 0, 1, 2, 3, 4"
    done
    # It is data that the run did not begin with.
    run -2 --separate-stderr train -o run --resume -m mlp --epochs 2 zebra.tsv
    stderr_has "cannot resume with another classes"
}

@test "a run that is cut off, of another version or with another input does not go on" {
    train -q -o run -m mlp --epochs 1 --no-tensorboard digits.tsv
    # stays STATUS MESSAGE OPTIONS...: resumption ends so, says so, and leaves the run as it was.
    stays() {
        local status=$1 message=$2
        shift 2
        sha256sum changed/* > before
        run "-$status" --separate-stderr train -o changed --resume -m mlp --epochs 2 "$@" digits.tsv
        stderr_has "changed/last.ckpt: $message"
        sha256sum --quiet -c before
        cp run/last.ckpt changed
    }
    cp -r run changed
    for n in 0 7 8 100 3000 $(($(stat -c %s run/last.ckpt) - 1)); do
        truncate -s "$n" changed/last.ckpt
        stays 1 ""
    done
    sed -i 's/"format":"tessera 1"/"format":"tessera 9"/' changed/last.ckpt
    stays 2 "cannot resume with another format: the checkpoint has 'tessera 9', this run 'tessera 1'"
    stays 2 "cannot resume with another input: the checkpoint has '1x20x20', this run '1x10x10'" -s 10x10
    stays 2 "cannot resume with another input: the checkpoint has '1x20x20', this run '3x20x20'" --channels 3
}

@test "a class without rows is learned from none, and is an error where the loss needs some" {
    mkdir set
    cp sheet.png set
    cp digits.tsv set/manifest.tsv
    printf '%s\n' 0 1 2 3 4 unseen > set/classes.txt
    train -q -o run -m mlp --epochs 1 --no-tensorboard set/manifest.tsv
    predict -m run/model.safetensors -p set/manifest.tsv | head -1 | grep -q p_unseen
    for loss in ldam balanced-softmax; do
        run -2 --separate-stderr train -o other -m mlp --epochs 1 --loss $loss set/manifest.tsv
        stderr_has "this loss needs rows of every class, class 6 has none"
    done
}
