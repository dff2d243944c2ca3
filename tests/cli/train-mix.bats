# train: samples of a batch mixed with each other (--mix), and the loss that often goes with it.
load helper

setup() {
    scratch_setup
    tile -s 20 --virtual sheet.png |
        awk -F'\t' -v OFS='\t' 'NR == 1 {print $0, "label"; next}
            NR <= 41 {print $0, (NR <= 31 ? "a" : NR <= 39 ? "b" : "c")}' > rows.tsv
}

@test "mixed batches are the same after --resume" {
    options="-q --model mlp:hidden=16 --schedule constant -b 7 --mix mixup:alpha=1,p=0.7 --mix cutmix --mix remix:tau=1"
    # shellcheck disable=SC2086  # words
    train $options -j 1 --epochs 4 -o whole rows.tsv
    # shellcheck disable=SC2086  # words
    train $options -j 1 --epochs 2 -o parts rows.tsv
    # shellcheck disable=SC2086  # words
    train $options -j 1 --epochs 4 --resume -o parts rows.tsv
    same whole/model.safetensors parts/model.safetensors
    train -q --model mlp:hidden=16 --schedule constant -b 7 --epochs 4 -j 1 -o plain rows.tsv
    run -1 cmp -s whole/model.safetensors plain/model.safetensors
}

@test "p=0 mixes nothing" {
    train -q --model mlp:hidden=16 --epochs 1 -j 1 -o plain rows.tsv
    train -q --model mlp:hidden=16 --epochs 1 -j 1 --mix mixup:p=0 -o none rows.tsv
    same plain/model.safetensors none/model.safetensors
}

@test "a mixed batch in several passes is the batch in one" {
    options="-q --model mlp:hidden=16 --epochs 2 --mix mixup:alpha=1 -j 1"
    # shellcheck disable=SC2086  # words
    train $options -b 8 -o one rows.tsv
    # shellcheck disable=SC2086  # words
    train $options -b 4 --accumulate 2 -o two rows.tsv
    paste -d, one/history.csv two/history.csv |
        awk -F, 'NR > 1 {d = $2 - $6; if (d > 1e-5 || d < -1e-5) exit 1}' ||
        fail "$(paste one/history.csv two/history.csv)"
}

@test "binary cross-entropy learns" {
    train -q -o run --model mlp --optimizer adam --lr 0.003 --loss bce:smoothing=0.05 --epochs 15 \
        -b 10 rows.tsv
    awk -F, 'NR == 2 {first = $2} END {exit !($2 < first && $3 > 0.8)}' run/history.csv ||
        fail "$(cat run/history.csv)"
}

@test "bad mixes are named" {
    run -2 --separate-stderr train -n --mix blend rows.tsv
    stderr_has "there is no mix 'blend'; there are:"
    stderr_has "cutmix"
    run -2 --separate-stderr train -n --mix cutmix --mix cutmix rows.tsv
    stderr_has "mix 'cutmix' is given twice"
    run -2 --separate-stderr train -n --augment mixup=0.2 rows.tsv
    stderr_has "train has --mix mixup"
}
