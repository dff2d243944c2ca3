# train: runs, their files, and what it does with bad input.
load helper

setup() {
    scratch_setup
    digits > digits.tsv
}

@test "a run holds model, checkpoint, history, run.json and events" {
    train -q -o run --epochs 2 digits.tsv
    for file in model.safetensors last.ckpt history.csv run.json; do
        [ -s "run/$file" ] || fail "$file is missing"
    done
    ls run/events.out.tfevents.*
    [ "$(wc -l < run/history.csv)" -eq 3 ]
    [ "$(head -n 1 run/history.csv)" = epoch,loss,accuracy,learning_rate,val_loss,val_accuracy,val_balanced_accuracy ]
    grep -q '"train_samples": 160' run/run.json
    no_leftovers run
}

@test "it learns: the training loss falls, the training rows are mostly right" {
    train -q -o run --epochs 12 --optimizer adam --lr 0.003 -b 16 digits.tsv
    awk -F, 'NR == 2 {first = $2} END {exit !($2 < first / 2 && $3 > 0.8)}' run/history.csv ||
        fail "$(cat run/history.csv)"
}

@test "kernels: direct ones and Winograd's learn the same but for rounding; auto is one of them" {
    for kernels in auto direct winograd; do
        train -q -o $kernels --kernels $kernels --epochs 1 -j 1 digits.tsv
    done
    run -1 cmp -s direct/model.safetensors winograd/model.safetensors
    paste -d, {direct,winograd}/history.csv |
        awk -F, 'NR == 2 {d = $2 - $9; exit !(d < 1e-4 && d > -1e-4)}' ||
        fail "$(cat {direct,winograd}/history.csv)"
    run -2 --separate-stderr train -q -o other --kernels fft digits.tsv
    stderr_has "kernels 'fft' are not known: auto, direct, winograd or timed"
}

@test "kernels: timed ones are remembered, so that a run goes on and can be repeated bit for bit" {
    options="-q -s 20 -j 1 --no-tensorboard --schedule constant --kernels timed digits.tsv"
    # shellcheck disable=SC2086  # words
    train -o whole --epochs 2 $options
    [ "$(cut -f 8 whole/kernels.tsv | sort -u | grep -vc '^direct$\|^winograd$\|^kernels$')" -eq 0 ]
    [ "$(wc -l < whole/kernels.tsv)" -gt 4 ]
    mkdir parts other
    cp whole/kernels.tsv parts
    for epochs in 1 2; do
        # shellcheck disable=SC2086  # words
        train -o parts --epochs $epochs --resume $options
    done
    same whole/kernels.tsv parts/kernels.tsv
    same whole/model.safetensors parts/model.safetensors
    # The other way round: the table is what counts.
    sed 's/winograd$/x/; s/direct$/winograd/; s/x$/direct/' whole/kernels.tsv > other/kernels.tsv
    cp other/kernels.tsv turned
    # shellcheck disable=SC2086  # words
    train -o other --epochs 2 --resume $options
    same turned other/kernels.tsv
    run -1 cmp -s whole/model.safetensors other/model.safetensors
    # A new run forgets.
    # shellcheck disable=SC2086  # words
    train -o other --epochs 1 --force $options
    run -1 cmp -s turned other/kernels.tsv
    rm parts/kernels.tsv
    # shellcheck disable=SC2086  # words
    run -0 --separate-stderr train -o parts --epochs 3 --resume $options
    stderr_has "parts/kernels.tsv is gone: kernels are timed anew"
    echo nonsense > parts/kernels.tsv
    # shellcheck disable=SC2086  # words
    run -1 --separate-stderr train -o parts --epochs 4 --resume $options
    stderr_has "parts/kernels.tsv"
    # Nothing is kept where there is no run.
    lrfind -q --steps 6 --kernels timed digits.tsv > rates.tsv
    [ -s rates.tsv ]
    # A table alone is not overwritten; one that lacks a line is told of.
    mkdir alone
    cp whole/kernels.tsv alone
    # shellcheck disable=SC2086  # words
    run -1 --separate-stderr train -o alone --epochs 1 $options
    stderr_has "alone/kernels.tsv: is there already; --resume uses it, --force times kernels anew"
    same whole/kernels.tsv alone/kernels.tsv
    sed -i 2d whole/kernels.tsv
    # shellcheck disable=SC2086  # words
    run -0 --separate-stderr train -o whole --epochs 3 --resume $options
    stderr_has "whole/kernels.tsv lacked 1 kinds"
}

@test "precision: bf16 learns nearly as f32 does, on any processor, and goes on as it began" {
    train -q -o full --epochs 2 -j 1 digits.tsv
    run -0 --separate-stderr train -q -o narrow --epochs 2 -j 1 --precision bf16 digits.tsv
    [ -z "$stderr" ] || stderr_has "warning: this processor multiplies no bf16"
    paste -d, {full,narrow}/history.csv |
        awk -F, 'NR > 1 {d = $2 - $9; n += d > 1e-6 || d < -1e-6; far += d > 0.02 || d < -0.02}
            END {exit far || n < 2}' || fail "$(cat {full,narrow}/history.csv)"
    train -q -o parts --epochs 1 -j 1 --precision bf16 --schedule constant digits.tsv
    train -q -o parts --epochs 2 -j 1 --precision bf16 --schedule constant --resume digits.tsv
    train -q -o whole --epochs 2 -j 1 --precision bf16 --schedule constant digits.tsv
    same whole/model.safetensors parts/model.safetensors
    run -2 --separate-stderr train -q -o parts --epochs 3 -j 1 --schedule constant --resume digits.tsv
    stderr_has "another precision: the checkpoint has 'bf16', this run 'f32'"
    run -2 --separate-stderr train -q -o other --precision fp8 digits.tsv
    stderr_has "precision 'fp8' is not known: f32 or bf16"
    # By either kernels the numbers are rounded.
    for kernels in direct winograd; do
        train -q -o $kernels --epochs 1 -j 1 --precision f32 --kernels $kernels digits.tsv
        train -q -o $kernels-bf16 --epochs 1 -j 1 --precision bf16 --kernels $kernels digits.tsv
        run -1 cmp -s $kernels/model.safetensors $kernels-bf16/model.safetensors
    done
    # A head alone, and a whole network, from the model that was trained so.
    finetune -q --from narrow -o tuned --epochs 1 --new-head --precision bf16 digits.tsv
    lrfind -q --steps 20 --precision bf16 digits.tsv > rates.tsv
}

@test "the same seed makes the same model, another seed another" {
    train -q -o a --epochs 1 --seed 5 -j 1 digits.tsv
    train -q -o b --epochs 1 --seed 5 -j 1 digits.tsv
    train -q -o c --epochs 1 --seed 6 -j 1 digits.tsv
    same a/model.safetensors b/model.safetensors
    run -1 cmp -s a/model.safetensors c/model.safetensors
}

@test "--dry-run says what would be done and writes nothing" {
    run -0 --separate-stderr train --dry-run --format tsv -o run digits.tsv
    output_has $'train_samples\t160'
    output_has $'val_samples\t40'
    output_has $'iterations_per_epoch\t3'
    [ ! -e run ]
}

@test "a folder with a run is left alone without --resume or --force" {
    train -q -o run --epochs 1 digits.tsv
    cp run/model.safetensors before
    run -1 --separate-stderr train -q -o run --epochs 1 digits.tsv
    stderr_has "--resume"
    same before run/model.safetensors
    train -q -o run --force --epochs 1 --seed 2 digits.tsv
}

@test "early stopping ends a run that does not improve" {
    run -0 train -o run --epochs 500 --lr 0 --early-stopping 2 --no-tensorboard digits.tsv
    output_has "has not improved for 2 epochs"
    [ "$(wc -l < run/history.csv)" -lt 10 ]
}

@test "bad options end with 2 and are named" {
    run -2 --separate-stderr train digits.tsv
    stderr_has "-o RUN"
    run -2 --separate-stderr train -o run --epochs 0 digits.tsv
    stderr_has "--epochs"
    run -2 --separate-stderr train -o run -m resnet9000 digits.tsv
    stderr_has "resnet9000"
    run -2 --separate-stderr train -o run -m cnn:depth=3 digits.tsv
    stderr_has "depth"
    run -2 --separate-stderr train -o run --optimizer adm digits.tsv
    stderr_has "'adm' (nearest: adam); there are: sgd, nesterov"
    run -2 --separate-stderr train -o run --augment spin=3 digits.tsv
    stderr_has "spin=3"
    run -2 --separate-stderr train -o run --optimizer adam:momentum=0.9 digits.tsv
    stderr_has "'momentum'"
    run -2 --separate-stderr train -o run --clip 1 digits.tsv
    stderr_has "norm:1"
    run -2 --separate-stderr train -o run --class-weights fair digits.tsv
    stderr_has "fair"
    run -2 --separate-stderr train -o run --monitor speed digits.tsv
    stderr_has "speed"
    for words in "cosinus" "step:gamma=0" "step:every=nan" "cosine:gamma=1" "multistep" "multistep:at=5+3" \
        "plateau:rule=mine" "onecycle --warmup-epochs 2" "cosine --schedule-by year"; do
        # shellcheck disable=SC2086  # words
        run -2 --separate-stderr train -o run --schedule $words digits.tsv
        words=${words##* --}
        words=${words%%[= ]*}
        stderr_has "${words##*:}"
    done
    run -2 --separate-stderr train -o run --schedule file digits.tsv
    stderr_has "which one?"
    run -1 --separate-stderr train -o run --schedule file:path=none.txt digits.tsv
    stderr_has "none.txt"
    [ ! -e run/model.safetensors ]
}

@test "a command of one's own is told what happens and can stop the run" {
    cat > tell <<'END'
cat >> told.jsonl
echo "$TESSERA_EVENT $TESSERA_RUN $TESSERA_EPOCH $TESSERA_ITERATION ${TESSERA_VAL_LOSS:-none}" >> told
[ "$TESSERA_EVENT$TESSERA_EPOCH" != epoch_end2 ] || exit 3
[ "$TESSERA_EVENT" != train_begin ] || exit 7
END
    run -0 --separate-stderr train -o run --epochs 9 -b 80 --callback jsonl --callback 'exec:sh tell' digits.tsv
    stderr_has "sh tell"
    stderr_has "goes on"
    stderr_has "stopped early"
    [ "$(cut -d' ' -f1-4 told | paste -sd,)" = "train_begin run 0 0,epoch_end run 1 2,epoch_end run 2 4,train_end run 2 4" ]
    # The same numbers in the environment, in JSON and in CSV.
    awk -F, 'NR > 1 { print $5 }' run/history.csv > csv
    awk '$1 == "epoch_end" { print $5 }' told | cmp - csv
    sed 's/.*"val_loss": \([^,]*\),.*/\1/' run/history.jsonl | cmp - csv
    [ "$(wc -l < run/history.jsonl)" -eq 2 ]
    sed 's/"event": "epoch_end", "run": "run", \("epoch": [0-9]*\), "iteration": [0-9]*/\1/' told.jsonl | sed -n 2,3p |
        cmp - run/history.jsonl
    [ "$(sed -n 1p told.jsonl)" = '{"event": "train_begin", "run": "run", "epoch": 0, "iteration": 0}' ]
    [[ $(sed -n 4p told.jsonl) == '{"event": "train_end", "run": "run", "epoch": 2, "iteration": 4, "loss": '* ]]
    run -2 --separate-stderr train -o other --callback exec digits.tsv
    stderr_has "exec:COMMAND"
    run -2 --separate-stderr train -o other --callback time-limit:soon digits.tsv
    stderr_has "soon"
    run -2 --separate-stderr train -o other --callback confetti digits.tsv
    stderr_has "time-limit:TIME"
    [ ! -e other ]
}

@test "losses and class weights, of a table too, change what is learned" {
    # The first class with more rows than the others.
    awk -F'\t' '{print} $8 == 0 {print; print}' digits.tsv > some.tsv
    options="-q -b 32 --no-tensorboard -m mlp --epochs 2 some.tsv"
    # shellcheck disable=SC2086  # words
    train -o plain $options
    for loss in cross-entropy:smoothing=0.1 focal balanced-softmax logit-adjusted:tau=2 ldam; do
        # shellcheck disable=SC2086  # words
        train -o run --force --loss $loss $options
        run -1 cmp -s run/model.safetensors plain/model.safetensors || fail "$loss changes nothing"
    done
    printf 'class\tweight\n' > weights.tsv
    for class in 0 1 2 3 4 5 6 7 8 9 10 11; do
        printf '%s\t%s\n' "$class" "$((class + 1))" >> weights.tsv
    done
    # shellcheck disable=SC2086  # words
    train -o run --force --class-weights weights.tsv $options
    run -1 cmp -s run/model.safetensors plain/model.safetensors
    # Weights that count from the third epoch on change nothing before.
    # shellcheck disable=SC2086  # words
    train -o run --force --class-weights weights.tsv --class-weights-from 2 $options
    cmp run/model.safetensors plain/model.safetensors
    # And from then on they do.
    for name in plain run; do
        # shellcheck disable=SC2086  # words
        train -o longer-$name $options --epochs 3 --class-weights weights.tsv \
            --class-weights-from "$([ $name = run ] && echo 2 || echo 3)"
    done
    cmp <(sed -n 2,3p longer-run/history.csv | cut -d, -f 1-4) <(sed -n 2,3p longer-plain/history.csv | cut -d, -f 1-4)
    run ! cmp -s <(sed -n 4p longer-run/history.csv) <(sed -n 4p longer-plain/history.csv)
    sed -i '/^9/d' weights.tsv
    # shellcheck disable=SC2086  # words
    run -2 --separate-stderr train -o run --force --class-weights weights.tsv $options
    stderr_has "class '9'"
    sed -i 's/^3.*/3\tmany/' weights.tsv
    # shellcheck disable=SC2086  # words
    run -1 --separate-stderr train -o run --force --class-weights weights.tsv $options
    stderr_has "weights.tsv:5"
    # shellcheck disable=SC2086  # words
    run -2 --separate-stderr train -o run --force --loss hinge $options
    stderr_has "balanced-softmax"
}

@test "a validation split that was named and has no row is warned of" {
    run -0 --separate-stderr train --dry-run --val-split vla digits.tsv
    stderr_has "'vla'"
}

@test "means and deviations are one number for all channels, or one for each" {
    train -q -o run --epochs 1 -m mlp:hidden=4 --channels 3 --mean 0.4,0.5,0.6 --std 0.2 digits.tsv
    run -0 modelinfo --format tsv run
    output_has $'mean\t0.4,0.5,0.6'
    output_has $'std\t0.2'
    for words in "--mean 0.4,0.5" "--std 1,2,3,4,5" "--mean 1,x,2" "--std 1,0,1" "--mean ,"; do
        # shellcheck disable=SC2086  # words
        run -2 --separate-stderr train -o other --epochs 1 --channels 3 $words digits.tsv
        stderr_has "${words% *}: "
        [ ! -e other ]
    done
}

@test "numbers out of their bounds end with 2 and are named" {
    for words in "--lr -1" "--lr nan" "--lr inf" "--clip norm:0" "--clip agc:nan" "--weight-decay -3" \
        "--warmup-epochs -1" \
        "--min-delta nan" "--mean nan" "--std 0"; do
        # shellcheck disable=SC2086  # words
        run -2 --separate-stderr train -o run --epochs 1 $words digits.tsv
        stderr_has "${words% *}:"
    done
    for words in sgd:momentum=-0.5 sgd:momentum=1 adam:beta2=1 adam:epsilon=-1 lars:trust=0; do
        run -2 --separate-stderr train -o run --epochs 1 --optimizer "$words" digits.tsv
        words=${words#*:}
        stderr_has "${words%=*}:"
    done
    run -2 --separate-stderr train -o run -s 20 --channels 1000000 digits.tsv
    stderr_has "1000000 channels"
    for name in xloss val_los val_loss; do
        run -2 --separate-stderr train -o run --val-split none --monitor $name digits.tsv
        stderr_has "'$name'"
    done
    [ ! -e run ]
}

@test "--force leaves nothing of the old run behind" {
    train -q -o run --epochs 2 digits.tsv
    sed 's/sheet\.png/gone.png/' digits.tsv > gone.tsv
    run -1 --separate-stderr train -q -o run --force -s 20 --channels 1 gone.tsv
    [ ! -e run/last.ckpt ] || fail "the old checkpoint is there"
    [ ! -e run/model.safetensors ] || fail "the old model is there"
    [ "$(find run -name 'events.*' | wc -l)" -eq 1 ]
}

@test "a run that diverges ends with 1 and says what to do" {
    run -1 --separate-stderr train -q -o run --epochs 9 --lr 1e9 --schedule constant -m mlp digits.tsv
    stderr_has "learning rate"
    no_leftovers run
}

@test "weights of zero give a model all the same" {
    awk -F'\t' -v OFS='\t' '{print $0, NR == 1 ? "weight" : $9 == "val" ? 0 : 1}' digits.tsv > w.tsv
    run -0 --separate-stderr train -q -o run --epochs 1 w.tsv
    stderr_has "val_loss"
    [ -s run/model.safetensors ]
}

@test "a batch that no memory holds ends with 1 and a hint" {
    run -1 --separate-stderr train --dry-run -b 2147483647 digits.tsv
    stderr_has "fewer need less memory"
}

@test "bad data end with 1 and are named" {
    cut -f 1-5 digits.tsv > unlabelled.tsv
    run -1 --separate-stderr train -o run unlabelled.tsv
    stderr_has "label"
    awk -F'\t' 'NR == 1 || $8 == 3' digits.tsv > one.tsv
    run -1 --separate-stderr train -o run one.tsv
    stderr_has "two classes"
    sed 's/sheet\.png/gone.png/' digits.tsv > gone.tsv
    run -1 --separate-stderr train -o run -s 20 --channels 1 gone.tsv
    stderr_has "gone.png"
    head -c 3000 sheet.png > torn.png
    sed 's/sheet\.png/torn.png/' digits.tsv > torn.tsv
    run -1 --separate-stderr train -o run --force -s 20 --channels 1 torn.tsv
    stderr_has "torn.png"
}

@test "short options take their value attached" {
    train -q -orun -e1 -b32 -j1 digits.tsv
    [ -s run/model.safetensors ]
}

@test "the average is what is validated and kept" {
    options="-q --epochs 3 -m cnn:width=8 -b 16 -j 1 --no-tensorboard digits.tsv"
    # shellcheck disable=SC2086  # words
    train -o plain $options
    # shellcheck disable=SC2086  # words
    train -o slow --ema 0.8 $options
    # shellcheck disable=SC2086  # words
    train -o same --ema 0 $options
    same plain/history.csv same/history.csv
    cut -d, -f 2-4 plain/history.csv | cmp - <(cut -d, -f 2-4 slow/history.csv)
    run -1 cmp -s plain/history.csv slow/history.csv
    # The model file gives the loss of its epoch again.
    predict -q -p -m slow/model.safetensors --split val digits.tsv > answers.tsv
    is=$(awk -F'\t' 'NR == 1 { for (i = 1; i <= NF; i++) column[$i] = i; next }
        { loss -= log($column["p_" $column["label"]]) } END { printf "%.3f", loss / (NR - 1) }' answers.tsv)
    want=$(awk -F, 'NR > 1 && (best == "" || $5 < best) { best = $5 } END { printf "%.3f", best }' slow/history.csv)
    [ "$is" = "$want" ] || fail "$is, not $want"
}

@test "without validation rows the last epoch is kept, unless a number is to decide" {
    cut -f 1-8 digits.tsv > all.tsv
    # Weights that join late make the loss larger: the lowest loss lies before.
    printf 'class\tweight\n' > weights.tsv
    for class in 0 1 2 3 4 5 6 7 8 9 10 11; do printf '%s\t9\n' $class; done >> weights.tsv
    options="-q -m mlp --epochs 4 --no-tensorboard --class-weights weights.tsv --class-weights-from 2 all.tsv"
    # shellcheck disable=SC2086  # words
    run -0 --separate-stderr train -o run $options
    grep -aq '"epoch":"4"' run/model.safetensors
    # shellcheck disable=SC2086  # words
    train -o judged --monitor loss --lr 0.5 $options
    cat judged/history.csv
    # The best of epochs 3 and 4.
    awk -F, 'NR > 3 && (best == "" || $2 < best) { best = $2; epoch = $1 } END { print epoch }' judged/history.csv > best
    grep -aq "\"epoch\":\"$(cat best)\"" judged/model.safetensors || fail "epoch $(cat best) is best"
}

@test "a run that diverges stops quietly with terminate-on-nan, and keeps what was good" {
    options="-o run -m mlp --epochs 4 --schedule multistep:at=2,gamma=1e9 -b 16 digits.tsv"
    # shellcheck disable=SC2086  # words
    run -1 --separate-stderr train $options
    stderr_has "diverges"
    predict -q -m run digits.tsv > answers.tsv
    # shellcheck disable=SC2086  # words
    run -0 --separate-stderr train --force --callback terminate-on-nan $options
    stderr_has "no finite number"
    [ "$(wc -l < run/history.csv)" -eq 3 ]
    [ -s run/model.safetensors ] && [ -s run/last.ckpt ]
}

# The n-th example behind "A callback of one's own" in the page, as it stands there.
example() {
    awk -v wanted="$1" '/^.Ss A callback/ { on = 1 } on && /^.Ed/ { inside = 0 }
        inside && n == wanted { print } on && /^.Bd/ { inside = 1; n++ }' "$source_root/man/train.1"
}

@test "a run that is stopped before its first epoch says that there is no model" {
    run -0 --separate-stderr train -o run -m mlp --callback 'exec:exit 3' --no-tensorboard digits.tsv
    stderr_has "no epoch came to its end: there is no model"
    [ ! -e run/model.safetensors ]
}

@test "the order in which averages are asked for changes nothing" {
    options="-q -m mlp -b 16 --epochs 3 -j 1 --no-tensorboard digits.tsv"
    # shellcheck disable=SC2086  # words
    train -o a --callback ema:decay=0.5 --callback swa:from=1 $options
    # shellcheck disable=SC2086  # words
    train -o b --callback swa:from=1 --callback ema:decay=0.5 $options
    # shellcheck disable=SC2086  # words
    train -o c --swa from=1 --callback ema:decay=0.5 $options
    for file in swa.safetensors model.safetensors; do
        same a/$file b/$file
        same a/$file c/$file
    done
}

@test "what an option goes with is asked for, and --dry-run refuses what the run would" {
    run -2 --separate-stderr train -o run --min-delta 0.1 digits.tsv
    stderr_has "--min-delta is that of --early-stopping"
    run -2 --separate-stderr train -o run --class-weights-from 2 digits.tsv
    stderr_has "--class-weights says"
    run -2 --separate-stderr train --dry-run --callback erly-stopping digits.tsv
    stderr_has "nearest: early-stopping"
    run -2 --separate-stderr train --dry-run --ema 5 digits.tsv
    stderr_has "decay"
    run -2 --separate-stderr train --dry-run --ema 0.9 --callback ema digits.tsv
    stderr_has "callback 'ema' is given twice"
    run -0 --separate-stderr train --dry-run --ema 0.9 --swa from=3 --keep-best 2 --early-stopping 2 \
        --callback samples --callback rollback --callback jsonl --callback "exec:touch ended" digits.tsv
    [ ! -e run ] && [ ! -e ended ] && [ ! -e history.jsonl ]
}

@test "early stopping: an improvement by less than --min-delta is none" {
    options="-q -m mlp -b 16 --lr 0.05 --epochs 12 --no-tensorboard --monitor val_loss digits.tsv"
    # shellcheck disable=SC2086  # words
    train -o patient --early-stopping 2 $options
    # shellcheck disable=SC2086  # words
    train -o demanding --early-stopping 2 --min-delta 100 $options
    [ "$(tail -n +2 demanding/history.csv | wc -l)" -eq 3 ]
    [ "$(tail -n +2 patient/history.csv | wc -l)" -gt 3 ]
}

@test "a plug-in is called at every point, and what it saves goes on with the run" {
    options="-m mlp -b 64 -j 1 --no-tensorboard digits.tsv"
    # shellcheck disable=SC2046  # words
    cc -shared -fPIC -Wall -Wextra -Werror -o points.so "$source_root/tests/cli/points.c" \
        $(PKG_CONFIG_PATH=$build_root/meson-uninstalled pkg-config --cflags tessera)
    # shellcheck disable=SC2086  # words
    train -q -o whole --epochs 3 --schedule constant --callback plugin:points.so:whole.txt $options
    for epochs in 1 2 3; do
        # shellcheck disable=SC2086  # words
        train -q -o parts --epochs $epochs --schedule constant --resume \
            --callback plugin:points.so:parts.txt $options
    done
    cut -d ' ' -f 2 whole.txt | sort -u | tr '\n' ' ' > points
    [ "$(cat points)" = "batch_begin batch_end epoch_begin epoch_end evaluation_begin evaluation_end train_begin train_end validation_batch_end validation_end " ]
    [ "$(head -n 1 whole.txt)" = "0 train_begin 0 0" ]
    [ "$(grep -c train_begin parts.txt)" -eq 3 ]
    grep -v " train_" whole.txt > counted
    grep -v " train_" parts.txt > resumed
    awk '$1 != FNR { exit 1 }' counted
    same counted resumed
}

@test "the page's own callbacks, in shell and in C, stop a run" {
    options="--epochs 50 -m mlp --optimizer adam --lr 0.003 -b 16 --no-tensorboard digits.tsv"
    example 1 > goal.sh
    example 2 > goal.c
    # shellcheck disable=SC2086  # words
    run -0 train -o shell --callback 'exec:sh goal.sh 0.5' $options
    output_has "stopped early: 'sh goal.sh 0.5' asked for it"
    # shellcheck disable=SC2046  # words
    cc -shared -fPIC -Wall -Werror -Wno-unused-parameter -o goal.so goal.c $(PKG_CONFIG_PATH=$build_root/meson-uninstalled pkg-config --cflags tessera)
    # shellcheck disable=SC2086  # words
    run -0 train -o c --callback plugin:goal.so:0.5 $options
    output_has "stopped early: the goal is reached"
    same shell/history.csv c/history.csv
    # What is none, and what was made for another version.
    sed 's/= TS_CALLBACK_ABI/= TS_CALLBACK_ABI + 1/' goal.c > later.c
    # shellcheck disable=SC2046  # words
    cc -shared -fPIC -o later.so later.c $(PKG_CONFIG_PATH=$build_root/meson-uninstalled pkg-config --cflags tessera)
    # shellcheck disable=SC2086  # words
    run -1 train -o none --callback plugin:later.so $options
    output_has "compile it again"
    echo 'int nothing;' > nothing.c
    cc -shared -fPIC -o nothing.so nothing.c
    # shellcheck disable=SC2086  # words
    run -1 train -o none --callback plugin:nothing.so $options
    output_has "does not export tessera_callback_abi"
    # shellcheck disable=SC2086  # words
    run -1 train -o none --callback plugin:gone.so $options
    output_has "gone.so"
    [ ! -e none ]
}
