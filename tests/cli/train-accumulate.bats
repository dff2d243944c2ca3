# train --accumulate: several batches for one update of the weights.
load helper

# rows: a manifest of 60 cells of the sheet, ten classes of different weight.
setup() {
    scratch_setup
    tile -s 20 --virtual sheet.png |
        awk -F'\t' -v OFS='\t' 'NR == 1 {print $0, "label", "weight"; next}
            NR <= 61 {print $0, int((NR - 2) / 6), 1 + NR % 3}' > rows.tsv
}

@test "so many batches are as one, the last and smaller one too" {
    # 60 rows: 24, 24 and 12, that is 8 + 4, at a time
    for parts in "24 1" "8 3"; do
        read -r batch accumulate <<< "$parts"
        train -q -j 2 -o "run$accumulate" --epochs 4 --model mlp:hidden=20 --clip norm:1 \
            --optimizer adam -b "$batch" --accumulate "$accumulate" rows.tsv
    done
    paste -d, run1/history.csv run3/history.csv |
        awk -F, 'NR > 1 {n++; d = $2 / $6 - 1; if (d > 1e-4 || d < -1e-4 || $3 != $7) exit 1}
            END {exit n != 4}' || fail "$(paste run1/history.csv run3/history.csv)"
    [ "$(train -n --format tsv -b 8 --accumulate 3 rows.tsv |
        awk -F'\t' '$1 == "iterations_per_epoch" {print $2}')" -eq 3 ]
}

@test "a run that goes on makes the same bytes, and takes the same number" {
    local with=(-q -j 2 --model "cnn:width=8,dropout=0.2" --augment shift=0.1 --schedule constant
        -b 8 --accumulate 3)
    train "${with[@]}" -o whole --epochs 3 rows.tsv
    train "${with[@]}" -o parts --epochs 1 rows.tsv
    train "${with[@]}" -o parts --epochs 3 --resume rows.tsv
    cmp whole/history.csv parts/history.csv
    cmp whole/model.safetensors parts/model.safetensors
    run -2 --separate-stderr train "${with[@]}" --accumulate 2 -o whole --epochs 3 --resume rows.tsv
    [[ $stderr == *"another accumulate: the checkpoint has '3', this run '2'"* ]]
}

@test "numbers that cannot be are refused" {
    run -2 --separate-stderr train -o run --accumulate 0 rows.tsv
    [[ $stderr == *"--accumulate: 0 is outside of"* ]]
    run -2 --separate-stderr train -o run -b 100000 --accumulate 100000 rows.tsv
    [[ $stderr == *"--batch-size times --accumulate"* ]]
}
