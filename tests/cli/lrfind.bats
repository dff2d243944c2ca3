# lrfind: what it prints and draws, that it leaves runs alone, and what it does with bad input.
# tests/interop/test_lrfind.py holds its numbers against fastai's definitions.
load helper

setup() {
    scratch_setup
    tile -s 20 --virtual sheet.png |
        awk -F'\t' -v OFS='\t' '{print $0, (NR == 1 ? "label" : int($3 / 20))}' > digits.tsv
    quick="-q -m mlp:hidden=16 -b 16 --start 1e-4"
}

# rate RULE: of the suggestions in $output.
rate() {
    awk -F'\t' -v rule="$1" '$1 == rule { print $2 }' <<< "$output"
}

@test "it suggests four rates within the sweep, the same for the same seed" {
    # shellcheck disable=SC2086  # words
    run -0 --separate-stderr lrfind $quick -j 1 digits.tsv
    [ "$(head -n 1 <<< "$output")" = $'suggestion\trate\tlow\thigh' ]
    for rule in valley slide minimum steep; do
        awk -v rate="$(rate $rule)" 'BEGIN { exit !(rate >= 1e-5 && rate <= 10) }' || fail "$rule: $output"
    done
    first=$output
    # shellcheck disable=SC2086  # words
    run -0 --separate-stderr lrfind $quick -j 1 digits.tsv
    [ "$output" = "$first" ]
    # shellcheck disable=SC2086  # words
    run -0 --separate-stderr lrfind $quick -j 1 --seed 1 digits.tsv
    [ "$output" != "$first" ]
}

@test "the first step's loss is that of train's first step, at the rate of --start" {
    # shellcheck disable=SC2086  # words
    run -0 --separate-stderr lrfind -q -m mlp -b 200 --start 1e-9 --end 1e-8 --steps 6 --show curve digits.tsv
    train -q -o run -m mlp -b 200 --epochs 1 --lr 1e-9 --schedule constant --no-tensorboard digits.tsv
    awk -F'\t' 'NR == 2 { printf "%s,%s", $4, $2 }' <<< "$output" > ours
    awk -F, 'NR == 2 { printf "%s,%s", $2, $4 }' run/history.csv > theirs
    same ours theirs
}

@test "--no-stop goes to the end although the loss diverges" {
    # shellcheck disable=SC2086  # words
    run -0 --separate-stderr lrfind $quick --end 1e5 --steps 40 --show curve digits.tsv
    [ "${#lines[@]}" -lt 41 ] || fail "$output"
    begun=$output
    # shellcheck disable=SC2086  # words
    run -0 --separate-stderr lrfind $quick --end 1e5 --steps 40 --no-stop --show curve digits.tsv
    [ "${#lines[@]}" -gt "$(wc -l <<< "$begun")" ] || fail "$output"
    # Up to there it is the same sweep, but for what is smoothed backwards.
    cut -f 1,2,4 <<< "$begun" > short
    cut -f 1,2,4 <<< "$output" | head -n "$(wc -l < short)" > long
    same short long
}

@test "several runs make a band, whose rows hold together" {
    # shellcheck disable=SC2086  # words
    run -0 --separate-stderr lrfind $quick --runs 3 --show suggestions,curve --plot rates.svg digits.tsv
    awk -F'\t' '$1 == "step" { curve = 1; next }
        NR > 1 && $0 != "" && !curve { if (!($3 <= $2 && $2 <= $4)) exit 1; rules++ }
        curve { if ($2 <= last || $3 < 1 || $3 > 3 || $6 > $5 || $7 < $5) exit 1; last = $2; steps++ }
        END { exit !(rules == 4 && steps > 20) }' <<< "$output" || fail "$output"
    [ "$(grep -c 'class="mark' rates.svg)" -eq 4 ]
    grep -q 'class="band"' rates.svg
    grep -q '3 runs' rates.svg
    # Tables of one's choice.
    # shellcheck disable=SC2086  # words
    run -0 --separate-stderr lrfind $quick --format json --show suggestions digits.tsv
    output_has '"suggestion"'
}

@test "the picture is not overwritten without --force" {
    echo mine > rates.svg
    # shellcheck disable=SC2086  # words
    run -1 --separate-stderr lrfind $quick --plot rates.svg digits.tsv
    stderr_has "--force"
    [ "$(cat rates.svg)" = mine ]
}

@test "a run is left as it was, and a sweep may begin with its model" {
    train -q -o run -m mlp:hidden=16 -b 16 --epochs 3 --lr 0.05 digits.tsv
    cp -r run before
    run -0 --separate-stderr lrfind -q --from run -b 16 --show suggestions,curve digits.tsv
    diff -r run before
    start=$(awk -F'\t' '$1 == "step" { getline; print $4 }' <<< "$output")
    # What was learned is there: the loss begins below that of chance, ln 10.
    awk -v loss="$start" 'BEGIN { exit !(loss < 2) }' || fail "$start"
    first=$output
    run -0 --separate-stderr lrfind -q --from run/model.safetensors -b 16 --show suggestions,curve digits.tsv
    [ "$output" = "$first" ]
    # What the model says cannot be said otherwise, and labels have to be its classes.
    for words in "-m cnn" "-s 24" "--channels 3" "--mean 0.4"; do
        # shellcheck disable=SC2086  # words
        run -2 --separate-stderr lrfind --from run $words digits.tsv
        stderr_has "leave these options out"
    done
    sed '5s/0$/zero/' digits.tsv > other.tsv
    run -1 --separate-stderr lrfind --from run other.tsv
    stderr_has "zero"
    stderr_has "other.tsv:5"
}

@test "bad input ends with a message" {
    for words in "--start 0" "--start 2 --end 1" "--steps 5" "--runs 0" "--show all" "--optimizer adm"; do
        # shellcheck disable=SC2086  # words
        run -2 --separate-stderr lrfind $words digits.tsv
        [ -n "$stderr" ]
        [ -z "$output" ]
    done
    run -1 --separate-stderr lrfind -q -m mlp -b 16 --start 1e6 --end 1e9 digits.tsv
    stderr_has "begin lower than --start 1e+06"
    run -1 --separate-stderr lrfind --from gone digits.tsv
    stderr_has "gone"
}
