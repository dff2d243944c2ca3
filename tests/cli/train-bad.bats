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
    refused 1 "there are no labelled rows with split 'nope'" --train-split nope digits.tsv
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
