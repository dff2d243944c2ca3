# train: what an epoch is made of (--sampler, column repeat).
load helper

# rows: a manifest of cells of the sheet, three classes of 30, 8 and 2 rows.
setup() {
    scratch_setup
    tile -s 20 --virtual sheet.png |
        awk -F'\t' -v OFS='\t' 'NR == 1 {print $0, "label"; next}
            NR <= 41 {print $0, (NR <= 31 ? "a" : NR <= 39 ? "b" : "c")}' > rows.tsv
}

iterations() {
    train -n --format tsv -b 1 "$@" | awk -F'\t' '$1 == "iterations_per_epoch" {print $2}'
}

@test "the column repeat makes the model that repeated rows make" {
    rebalance -q rows.tsv > lines.tsv
    rebalance -q --as repeat rows.tsv > repeats.tsv
    [ "$(iterations lines.tsv)" -eq 90 ]
    [ "$(iterations repeats.tsv)" -eq 90 ]
    # A batch of all rows does not depend on their order, but for rounding.
    for form in lines repeats; do
        train -q -o $form --epochs 3 -b 90 --model mlp --loss logit-adjusted \
            --class-weights balanced $form.tsv
    done
    paste -d, lines/history.csv repeats/history.csv |
        awk -F, 'NR > 1 {d = $2 - $6; if (d > 1e-4 || d < -1e-4) exit 1}' ||
        fail "$(paste lines/history.csv repeats/history.csv)"
}

@test "rows of repeat 0 are not learned from, fractions count on the average" {
    awk -F'\t' -v OFS='\t' 'NR == 1 {print $0, "repeat"; next} {print $0, ($NF == "a" ? 0 : 1.5)}' \
        rows.tsv > r.tsv
    [ "$(iterations r.tsv)" -eq 15 ]
    awk -F'\t' -v OFS='\t' 'NR == 1 {print $0, "repeat"; next} {print $0, 0}' rows.tsv > none.tsv
    run -2 --separate-stderr train -n none.tsv
    stderr_has "an epoch has 0 samples"
}

@test "every sampler goes on where it stopped, and draws the same samples for any threads" {
    awk -F'\t' -v OFS='\t' 'NR == 1 {print $0, "weight"; next} {print $0, NR / 20}' rows.tsv > w.tsv
    for sampler in class-balanced weighted repeat-factor:t=0.3; do
        options="-q --model mlp:hidden=16 --sampler $sampler -b 4 --augment rotate=10,hflip --epochs"
        # shellcheck disable=SC2086  # words
        train $options 3 -j 2 --schedule constant -o whole-$sampler w.tsv
        # shellcheck disable=SC2086  # words
        train $options 1 -j 2 --schedule constant -o parts-$sampler w.tsv
        # shellcheck disable=SC2086  # words
        train $options 3 -j 2 --schedule constant --resume -o parts-$sampler w.tsv
        same whole-$sampler/model.safetensors parts-$sampler/model.safetensors
        for threads in 1 2; do
            # shellcheck disable=SC2086  # words
            train $options 1 -j $threads --dump dump-$sampler-$threads w.tsv
        done
        same dump-$sampler-1/rows.npy dump-$sampler-2/rows.npy
        same dump-$sampler-1/input.npy dump-$sampler-2/input.npy
    done
    run -1 cmp -s whole-class-balanced/model.safetensors whole-weighted/model.safetensors
}

@test "rare classes come more often" {
    [ "$(iterations rows.tsv)" -eq 40 ]
    [ "$(iterations --sampler class-balanced rows.tsv)" -eq 40 ]
    # Shares .75, .2 and .05: factors 1, sqrt(.3 / .2) = 1.2247 and sqrt(6) = 2.4495.
    [ "$(iterations --sampler repeat-factor:t=0.3 rows.tsv)" -eq 45 ]
    train -q --model mlp -o plain --epochs 1 -b 40 rows.tsv
    train -q --model mlp -o even --epochs 1 -b 40 --sampler class-balanced rows.tsv
    run -1 cmp -s plain/model.safetensors even/model.safetensors
}

@test "bad samplers and repeats are named" {
    run -2 --separate-stderr train -n --sampler balanced rows.tsv
    stderr_has "there is no sampler 'balanced'; there are:"
    stderr_has "class-balanced"
    run -2 --separate-stderr train -n --sampler shuffle:t=1 rows.tsv
    run -2 --separate-stderr train -n --sampler repeat-factor:t=2 rows.tsv
    run -2 --separate-stderr train -n --sampler weighted rows.tsv
    stderr_has "rows.tsv has no column weight"
    awk -F'\t' -v OFS='\t' 'NR == 1 {print $0, "repeat"; next} {print $0, (NR == 5 ? -1 : 1)}' \
        rows.tsv > r.tsv
    run -1 --separate-stderr train -n r.tsv
    stderr_has "r.tsv:5: repeat is '-1', a number of 0 to 1e+06 was expected"
}

@test "the class-balanced loss has its name" {
    for name in effnum class-balanced; do
        train -q --model mlp -o $name --epochs 1 -j 1 --class-weights $name:0.99 rows.tsv
    done
    same effnum/model.safetensors class-balanced/model.safetensors
}
