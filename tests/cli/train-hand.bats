# train by hand: its plan, so many steps, a few batches, and every number of one step.
load helper

setup() {
    scratch_setup
    digits > digits.tsv
    # Ten classes in every ten rows.
    (sed -u 1q; sort -s -t $'\t' -k 2n) < digits.tsv > mixed.tsv
}

# column NAME: of the CSV on standard input.
column() {
    awk -F, -v name="$1" 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == name) at = i; next } { print $at }'
}

@test "--dry-run shows the rates of the run, which are those that the run has" {
    options="-m mlp -b 40 --epochs 3 --lr 0.1 --schedule poly --schedule-by batch"
    # shellcheck disable=SC2086  # words
    run -0 --separate-stderr train -n --format tsv $options digits.tsv
    output_has $'iterations\t12'
    # One hidden layer of 128 and ten classes, twice as much backwards, two operations each.
    output_has $'flops_per_iteration\t'$((6 * 40 * (400 * 128 + 128 * 10)))
    awk -F'\t' '$1 == "epoch" { on = 1; next } on && $2 % 4 == 0 { print $3 }' <<< "$output" > planned
    # shellcheck disable=SC2086  # words
    train -q -o run $options --no-tensorboard digits.tsv
    column learning_rate < run/history.csv | cmp - planned
    # shellcheck disable=SC2086  # words
    run -0 --separate-stderr train -n --format table $options digits.tsv
    output_has "####"
}

@test "--resume without a folder is asked which run" {
    for by_hand in --dry-run "--dump step"; do
        # shellcheck disable=SC2086  # words
        run -2 --separate-stderr train $by_hand --resume digits.tsv
        stderr_has "--resume: of which run?"
    done
    [ ! -e step ]
}

@test "a dumped step says the momentum that it was taken with" {
    train --dump step -m mlp --schedule fastai --schedule-by batch --optimizer nesterov digits.tsv
    awk '$1 == "\"momentum\":" { n++; exit !($2 > 0.949 && $2 < 0.951) } END { if (!n) exit 1 }' step/step.json ||
        fail "$(cat step/step.json)"
}

@test "the rate warms up from 0 over the first epochs, then follows the schedule" {
    rates() {
        train -n --format tsv -m mlp -b 40 --epochs 6 --lr 0.8 "$@" digits.tsv |
            awk -F'\t' '$1 == "epoch" { on = 1; next } on { printf "%.4g ", $3 }'
    }
    # Rows of an epoch of four batches are its first and its third.
    [ "$(rates --schedule constant --schedule-by batch --warmup-epochs 1)" = \
        "0 0.4 $(printf '0.8 %.0s' {3..12})" ] ||
        fail "$(rates --schedule constant --schedule-by batch --warmup-epochs 1)"
    [ "$(rates --schedule step:every=1,gamma=0.5 | awk '{ print $1, $NF }')" = "0.8 0.025" ]
}

@test "events for TensorBoard: as many distributions as asked for, or none at all" {
    shown() {
        grep -ao 'weights/fc1.weight' "$1"/events* | wc -l
    }
    for n in 0 1 2; do
        train -q -o run-$n -m mlp -b 40 --epochs 4 --histograms $n digits.tsv
    done
    train -q -o run-none -m mlp -b 40 --epochs 4 --no-tensorboard digits.tsv
    run ! ls run-none/events*
    [ "$(shown run-0) $(shown run-1) $(shown run-2)" = "0 4 2" ] ||
        fail "$(shown run-0) $(shown run-1) $(shown run-2)"
    grep -aq "loss/val" run-0/events*
}

@test "--steps ends after so many updates, and the schedule with them" {
    train -q -o run -m mlp -b 40 --steps 7 --schedule poly --lr 0.7 --no-tensorboard digits.tsv
    grep -aq '"iteration":"7"' run/last.ckpt
    # Four batches an epoch: the rate of the fourth and of the seventh update.
    [ "$(column learning_rate < run/history.csv | awk '{ printf "%.4f ", $1 }')" = "0.4000 0.1000 " ]
    run -0 --separate-stderr train -n --format tsv -b 40 --steps 7 --schedule poly --lr 0.7 digits.tsv
    output_has $'iterations\t7'
    output_has $'\n2\t7\t0.1'
    # An epoch of as many steps is the same training.
    train -q -o epochs -m mlp -b 40 --epochs 2 --schedule-by batch --no-tensorboard digits.tsv
    train -q -o steps -m mlp -b 40 --steps 8 --no-tensorboard digits.tsv
    same epochs/model.safetensors steps/model.safetensors
    run -2 --separate-stderr train -o other --steps 5 --epochs 2 digits.tsv
    stderr_has "exclude"
    run -2 --separate-stderr train -o other --steps 0 digits.tsv
    stderr_has "--steps"
    run -0 train -o run -m mlp -b 40 --resume --steps 7 --schedule poly --lr 0.7 digits.tsv
    output_has "nothing is left to do"
}

@test "--steps goes on after a stop as if there had been none" {
    options="-q -m mlp -b 8 --steps 90 --no-tensorboard digits.tsv"
    # shellcheck disable=SC2086  # words
    train -o whole $options
    # shellcheck disable=SC2086  # words
    train -o parts --callback time-limit:0.01s $options || [ $? -eq 3 ]
    # shellcheck disable=SC2086  # words
    train -o parts --resume $options
    same whole/model.safetensors parts/model.safetensors
}

@test "--overfit-batches learns its batches by heart, in order and unchanged" {
    options="-q -m mlp -b 20 --epochs 40 --lr 0.1 --schedule constant --no-tensorboard"
    # shellcheck disable=SC2086  # words
    train -o run $options --overfit-batches 2 --augment rotate=30 mixed.tsv
    [ "$(column accuracy < run/history.csv | tail -n 1)" = 1 ]
    grep -q '"train_samples": 40' run/run.json
    grep -aq '"iteration":"80"' run/last.ckpt
    # The first 40 rows alone are as good, and there is nothing random in their order.
    awk -F'\t' 'NR == 1 || ($NF == "train" && n++ < 40) || $NF == "val"' mixed.tsv > first.tsv
    # shellcheck disable=SC2086  # words
    train -o same $options --overfit-batches 9 first.tsv
    same run/model.safetensors same/model.safetensors
    run -0 --separate-stderr train -n --overfit-batches 1 digits.tsv
    stderr_has "4 of 10 classes"
}

@test "--dump writes the step that comes next, and changes no run" {
    options="-q -m mlp:hidden=8 -b 20 --epochs 2 --no-tensorboard"
    # shellcheck disable=SC2086  # words
    train $options --dump first digits.tsv
    while IFS=$'\t' read -r file _; do
        [ "$file" = file ] || [ -s "first/$file" ] || fail "$file is missing"
    done < first/index.tsv
    [ "$(cut -f 2 first/index.tsv | sort -u | paste -sd,)" = \
        activation_gradients,activations,after,before,gradients,input,labels,loss,rows,sample_weights,what ]
    grep -q '"iteration": 1' first/step.json
    # shellcheck disable=SC2086  # words
    run -1 --separate-stderr train $options --dump first digits.tsv
    stderr_has "--force"
    # Behind a run of an epoch comes the second epoch, from the weights that the run has kept.
    options="-q -m mlp:hidden=8 -b 20 --no-tensorboard"
    # shellcheck disable=SC2086  # words
    train $options -o run --epochs 1 digits.tsv
    cp -r run before
    # shellcheck disable=SC2086  # words
    train $options -o run --resume --epochs 2 --dump second --clip norm:0.1 digits.tsv
    diff -r run before
    grep -q '"iteration": 9' second/step.json
    grep -q '"epoch": 2' second/step.json
    [ -s second/clipped_gradients/fc1.weight.npy ]
    # shellcheck disable=SC2086  # words
    run -2 --separate-stderr train $options -o run --resume --epochs 1 --dump third digits.tsv
    stderr_has "complete"
    [ ! -e third ]
    run -2 --separate-stderr train --dump third --dry-run digits.tsv
    stderr_has "exclude"
}

@test "another number of threads changes no sample, and a step by rounding alone" {
    for threads in 1 2 3; do
        train -q -m cnn -b 40 --augment shift=0.1,rotate=20 -j $threads --dump step-$threads digits.tsv
    done
    for threads in 2 3; do
        for file in input.npy rows.npy labels.npy; do
            cmp step-1/$file step-$threads/$file
        done
        diff -r step-1/before step-$threads/before
        python3 - step-1 step-$threads <<'END'
import os, struct, sys
def read(path):
    data = open(path, "rb").read()
    at = 10 + struct.unpack("<H", data[8:10])[0]
    return struct.unpack(f"<{(len(data) - at) // 4}f", data[at:])
one, other = sys.argv[1:]
flips = 0
for folder, bound in ("activations", 1e-5), ("gradients", 1e-4):
    names = os.listdir(f"{one}/{folder}")
    assert names
    # A ReLU whose input is next to zero may stand on its other side, which the forward pass hardly sees.
    if flips:
        bound = 1e-2
    for name in names:
        a, b = (read(f"{step}/{folder}/{name}") for step in (one, other))
        flips += "relu" in name and any((x > 0) != (y > 0) for x, y in zip(a, b, strict=True))
        error = sum((x - y) ** 2 for x, y in zip(a, b, strict=True)) ** 0.5
        assert error <= bound * sum(x * x for x in a) ** 0.5 + 1e-7, (folder, name, error)
END
    done
}

@test "--profile says where the time goes, and changes no bit" {
    train -q -m cnn:width=8 --steps 6 -b 40 --augment shift=0.1 -o plain digits.tsv
    run -0 --separate-stderr train -q -m cnn:width=8 --steps 6 -b 40 --augment shift=0.1 --profile -o run digits.tsv
    stderr_has "gflops"
    cmp plain/model.safetensors run/model.safetensors
    cell() { awk -F'\t' -v part="$1" -v name="$2" '
        NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i } $1 == part { print $at[name] }' \
        run/profile.tsv; }
    [ "$(cell whole n)" = 6 ]
    [ "$(cell update n)" = 6 ]
    [ -n "$(cell read n)" ] # of one picture that holds all, so none is counted
    for part in decode augment; do
        awk -v n="$(cell $part n)" 'BEGIN { exit !(n >= 160) }' || fail "$part: $(cat run/profile.tsv)"
    done
    [ "$(cell forward operation | grep -c conv)" = "$(cell backward operation | grep -c conv)" ]
    awk -F'\t' '
        $3 == "conv" && !($7 > 0) { print "no speed of " $2; bad = 1 }
        NR > 1 && $1 != "whole" && $6 != "\\N" { sum += $6 }
        END { exit bad || sum < 0.999 || sum > 1.001 }' run/profile.tsv
}
