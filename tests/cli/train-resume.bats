# train --resume: after a kill, a signal or a full disk a run goes on as if there had been none.
load helper

setup() {
    scratch_setup
    digits > digits.tsv
}

# interrupted FOLDER LEAST SIGNALS COMMAND...: carry out the command, which fills the folder and goes on
# where that was left, again and again: each is ended by the next of the signals after a part of the
# time that COMMAND takes as a whole ($whole, in ns), until one comes to its end by itself. A machine
# that was slower before than it is now gets another try with shorter parts.
interrupted() {
    local folder=$1 least=$2 signals=$3 parts seconds signal status stops
    shift 3
    for parts in 4 8 16 32 64; do
        seconds=$(awk -v ns="$whole" -v n=$parts 'BEGIN { print ns / 1e9 / n + 0.03 }')
        stops=0
        for signal in $signals; do
            status=0
            timeout -s "$signal" "$seconds" "$@" 2> /dev/null || status=$?
            [ "$status" -ne 0 ] || break
            stops=$((stops + 1))
        done
        [ "$stops" -lt "$least" ] || return 0
        rm -rf "$folder"
    done
    fail "$folder: no signal came in time"
}

# limited TIME COMMAND...: carry out the command, which goes on where it was left, until it comes to its
# end; each time but the last, and once at least, it is ended by the callback time-limit.
limited() {
    local limit=$1 status stops=0
    shift
    for _ in $(seq 300); do
        status=0
        "$@" --callback "time-limit:$limit" || status=$?
        [ "$status" -eq 3 ] || break
        stops=$((stops + 1))
    done
    [ "$status" -eq 0 ] && [ "$stops" -gt 0 ]
}

@test "a run that was stopped or killed ends with the bits of one that ran through" {
    epochs=30
    ! is_sanitized || epochs=6
    options="--epochs $epochs -b 8 --early-stopping 25 --augment rotate=10,shift=0.1 --optimizer adam -j 1"
    # shellcheck disable=SC2086  # words
    train -q -o whole $options digits.tsv
    # shellcheck disable=SC2086  # words
    train -q -o parts $options digits.tsv & pid=$!
    wait_until [ -s parts/last.ckpt ]
    end_with 3 TERM $pid
    for signal in KILL TERM KILL TERM KILL TERM KILL TERM; do
        status=0
        # shellcheck disable=SC2086  # words
        timeout -s $signal 1 train -q -o parts --resume $options digits.tsv || status=$?
        [ "$status" -ne 0 ] || break
    done
    # shellcheck disable=SC2086  # words
    train -q -o parts --resume $options digits.tsv
    same whole/model.safetensors parts/model.safetensors
    same whole/last.ckpt parts/last.ckpt
    same whole/history.csv parts/history.csv
}

@test "a signal saves the run and ends with 3" {
    train -o run --epochs 1000 digits.tsv 2> message & pid=$!
    wait_until [ -s run/last.ckpt ]
    end_with 3 INT $pid
    grep -qe "--resume goes on" message
    [ -s run/last.ckpt ]
    no_leftovers run
}

@test "resuming a run that is complete says so" {
    train -q -o run --epochs 1 digits.tsv
    run -0 train -o run --epochs 1 --resume digits.tsv
    output_has "nothing is left to do"
    [[ $output != *"going on"* ]]
}

@test "a checkpoint of other rows, another seed or another model is refused" {
    train -q -o run --epochs 1 digits.tsv
    sed 50d digits.tsv > fewer.tsv
    run -2 --separate-stderr train -q -o run --resume --epochs 2 fewer.tsv
    stderr_has "another dataset"
    run -2 --separate-stderr train -q -o run --resume --epochs 2 --seed 9 digits.tsv
    stderr_has "another seed"
    run -2 --separate-stderr train -q -o run --resume --epochs 2 --kernels direct digits.tsv
    stderr_has "another kernels: the checkpoint has 'auto', this run 'direct'"
    run -2 --separate-stderr train -q -o run --resume --epochs 2 -m mlp digits.tsv
    stderr_has "another architecture"
}

@test "a checkpoint of other samples, another loss or another batch is refused, and both are named" {
    begun="--augment rotate=10 --mix mixup:alpha=1 --sampler class-balanced --loss focal -m mlp -b 16"
    # shellcheck disable=SC2086  # words
    train -q -o run --epochs 1 $begun digits.tsv
    refused() {
        # shellcheck disable=SC2086  # words
        run -2 --separate-stderr train -q -o run --resume --epochs 2 ${begun/"$1"/"$2"} digits.tsv
        stderr_has "cannot resume with another $3: the checkpoint has '$4', this run '$5'"
    }
    refused "--augment rotate=10" "" augment rotate=10 none
    refused rotate=10 rotate=12 augment rotate=10 rotate=12
    refused "--mix mixup:alpha=1" "" mix mixup:alpha=1 none
    refused "--mix" "--mix cutmix --mix" mix mixup:alpha=1 "cutmix mixup:alpha=1"
    refused class-balanced shuffle sampler class-balanced shuffle
    refused focal cross-entropy loss focal cross-entropy
    refused "-m mlp" "--class-weights balanced -m mlp" class-weights none balanced
    refused "-b 16" "-b 8" batch_size 16 8
    # shellcheck disable=SC2086  # words
    train -q -o run --resume --epochs 2 $begun digits.tsv
}

@test "a checkpoint that contradicts itself is refused" {
    train -q -o run --epochs 2 digits.tsv
    for change in 's/"history":"2"/"history":"1"/' 's/"epoch":"2"/"epoch":"9"/' 's/"batch":"0"/"batch":"7"/'; do
        rm -rf changed
        cp -r run changed
        sed -i "$change" changed/last.ckpt
        run -1 --separate-stderr train -q -o changed --resume --epochs 4 digits.tsv
        [ -n "$stderr" ]
    done
}

@test "every optimizer learns, and goes on after a stop as if there had been none" {
    for optimizer in sgd nesterov adam adamw nadam rmsprop rmsproptf lamb "lars --lr 0.1" lion; do
        options="-q -b 8 -m mlp --schedule constant --clip norm:5 --no-tensorboard --optimizer $optimizer"
        # shellcheck disable=SC2086  # words
        train -o whole --epochs 2 $options digits.tsv
        # shellcheck disable=SC2086  # words
        train -o parts --epochs 1 $options digits.tsv
        # shellcheck disable=SC2086  # words
        train -o parts --epochs 2 $options --resume digits.tsv
        cmp parts/last.ckpt whole/last.ckpt
        awk -F, 'NR == 2 { first = $2 } END { exit !($2 < first) }' whole/history.csv ||
            fail "$optimizer does not learn: $(cat whole/history.csv)"
        rm -r whole parts
    done
}

@test "a time limit saves the run, which goes on as if there had been none" {
    # Callbacks behind it see each batch too.
    behind="--callback ema:decay=0.9 --callback swa:from=2 --callback rollback:window=4,z=1e6,every=3"
    options="-q -b 8 -m mlp --epochs 8 --no-tensorboard --schedule-by batch digits.tsv"
    # shellcheck disable=SC2086  # words
    train -o whole $behind $options
    # shellcheck disable=SC2086  # words
    limited 0.03s train -o parts --resume $behind $options
    cmp parts/model.safetensors whole/model.safetensors
    cmp parts/last.ckpt whole/last.ckpt
}

@test "schedules set the rate of each epoch, and of each batch; a plateau lowers it after a resumption too" {
    rates() { awk -F, 'NR > 1 { printf "%s%s", (NR > 2 ? " " : ""), $4 }' "$1/history.csv"; }
    options="-q -b 64 --no-tensorboard --lr 0.1 -m mlp"
    # shellcheck disable=SC2086  # words
    train -o run $options --epochs 4 --schedule multistep:at=1+3,gamma=0.5 digits.tsv
    [ "$(rates run)" = "0.1 0.05 0.05 0.025" ]
    # Three batches an epoch: the last of each is written down.
    # shellcheck disable=SC2086  # words
    train -o run --force $options --epochs 2 --schedule poly --schedule-by batch digits.tsv
    [ "$(rates run | awk '{ printf "%.4f %.4f", $1, $2 }')" = "0.0667 0.0167" ]
    # No epoch improves by as much as 1000: the first sets the mark, every other one lowers.
    plateau="--schedule plateau:patience=1,delta=1000,factor=0.5,min=0.02"
    # shellcheck disable=SC2086  # words
    train -o whole $options --epochs 6 $plateau digits.tsv
    [ "$(rates whole)" = "0.1 0.1 0.05 0.025 0.02 0.02" ]
    # shellcheck disable=SC2086  # words
    train -o parts $options --epochs 3 $plateau digits.tsv
    # shellcheck disable=SC2086  # words
    train -o parts $options --epochs 6 --resume $plateau digits.tsv
    cmp parts/last.ckpt whole/last.ckpt
}

@test "resumption with another monitor or with early stopping begins to watch there" {
    train -q -o run --epochs 1 digits.tsv
    cp run/model.safetensors before
    train -q -o run --resume --epochs 8 --monitor accuracy --early-stopping 100 digits.tsv
    run -1 cmp -s before run/model.safetensors
    awk -F, 'NR > 2 && $3 > best {best = $3; epoch = $1} END {print epoch}' run/history.csv > best
    grep -aq "\"epoch\":\"$(cat best)\"" run/model.safetensors || fail "epoch $(cat best) is best"
}

@test "a full disk ends with 1 and leaves no half-written file" {
    small_tmpfs small 300k
    run -1 --separate-stderr train -q -o small/run --epochs 3 -m mlp:hidden=256 digits.tsv
    stderr_has "No space left"
    no_leftovers small
}

@test "a disk that fills up keeps the previous checkpoint, and the run goes on once there is room" {
    options="-q -m mlp --ema 0.9 --no-tensorboard -j 1 digits.tsv"
    small_tmpfs small 4M
    # shellcheck disable=SC2086  # words
    train -o small/run --epochs 2 $options
    cp small/run/last.ckpt before
    dd if=/dev/zero of=small/filler bs=4k 2> /dev/null || true
    # shellcheck disable=SC2086  # words
    run -1 --separate-stderr train -o small/run --resume --epochs 4 $options
    stderr_has "No space left"
    same before small/run/last.ckpt
    no_leftovers small
    rm small/filler
    # shellcheck disable=SC2086  # words
    train -o small/run --resume --epochs 4 $options
    # shellcheck disable=SC2086  # words
    train -o parts --epochs 2 $options
    # shellcheck disable=SC2086  # words
    train -o parts --resume --epochs 4 $options
    same parts/last.ckpt small/run/last.ckpt
    same parts/model.safetensors small/run/model.safetensors
}

@test "averages, patience, plateau and the best few go on after a kill as if there had been none" {
    options="--epochs 40 -b 16 -m mlp -j 1 --no-tensorboard --ema decay=0.9,warmup=1 --swa from=5,lr=0.01,anneal=3
        --keep-best 2 --callback reduce-lr:patience=1,factor=0.7 --callback backup:every=3
        --callback early-stopping:patience=30,restore_best=1"
    whole=$(date +%s%N)
    # shellcheck disable=SC2086  # words
    train -q -o whole $options digits.tsv
    whole=$(($(date +%s%N) - whole))
    # shellcheck disable=SC2086  # words
    interrupted parts 2 "KILL KILL KILL KILL KILL KILL KILL KILL" train -q -o parts --resume $options digits.tsv
    # shellcheck disable=SC2086  # words
    train -q -o parts --resume $options digits.tsv
    for file in $(cd whole && ls -- *.safetensors) last.ckpt history.csv; do
        same "whole/$file" "parts/$file"
    done
    [ "$(ls whole | grep -c ^epoch-)" -eq 2 ]
}

@test "samplers, mixes and random changes go on after kills as if there had been none" {
    common="--epochs 12 -b 16 -m mlp:hidden=16 -j 1 --no-tensorboard -q --callback backup:every=2"
    # case NAME OPTION...: killed (-9) and terminated in turn, wherever that is in an epoch.
    case_of() {
        name=$1
        shift
        whole=$(date +%s%N)
        # shellcheck disable=SC2086  # words
        train -o whole-$name $common "$@" w.tsv
        whole=$(($(date +%s%N) - whole))
        # shellcheck disable=SC2086  # words
        interrupted "parts-$name" 1 "KILL TERM KILL TERM KILL KILL KILL" \
            train -o parts-$name --resume $common "$@" w.tsv
        # shellcheck disable=SC2086  # words
        train -o parts-$name --resume $common "$@" w.tsv
        same "whole-$name/model.safetensors" "parts-$name/model.safetensors"
        same "whole-$name/last.ckpt" "parts-$name/last.ckpt"
    }
    awk -F'\t' -v OFS='\t' 'NR == 1 {print $0, "weight"; next} {print $0, NR / 50}' digits.tsv > w.tsv
    case_of balanced --sampler class-balanced --mix mixup:alpha=0.4
    case_of weighted --sampler weighted --mix cutmix --augment resized-crop=0.3..1,hflip
    case_of factors --sampler repeat-factor:t=0.3 --mix remix --mix cutmix:p=0.5 --augment crop=pad:2,randaugment
}

@test "SIGUSR1 saves the run and ends with 3, as SIGTERM" {
    train -o run --epochs 1000 digits.tsv 2> message & pid=$!
    wait_until [ -s run/last.ckpt ]
    # It may have started itself again, with another environment, and keeps its name.
    [ "$(cat /proc/$pid/comm)" = train ]
    end_with 3 USR1 $pid
    grep -qe "--resume goes on" message
    train -q -o run --epochs 1 --resume digits.tsv
}

@test "a loss spike takes the run back, lowers the rate and names the samples, and resumes as it is" {
    options="--schedule multistep:at=2,gamma=1e4 --lr 0.05 -m mlp -b 16 --ema 0.5 --no-tensorboard
        --callback rollback:window=8,z=8,every=2,factor=1e-4"
    # shellcheck disable=SC2086  # words
    run -0 --separate-stderr train -o whole --epochs 6 $options digits.tsv
    stderr_has "is a spike; samples: digits.tsv:"
    stderr_has "whole/spikes.tsv"
    stderr_has "rollback 1 of 3"
    [ "$(head -n 1 whole/spikes.tsv)" = $'epoch\titeration\tbatch_loss\tz\tline\tid\tloss' ]
    awk -F'\t' 'NR == FNR { if (FNR > 1 && $9 == "train") train[FNR]; next }
        FNR > 1 && !($5 in train) { bad++ } END { exit bad || FNR < 16 }' digits.tsv whole/spikes.tsv
    # The losses of the samples make up that of their batch.
    awk -F'\t' 'NR > 1 { sum[$2] += $7; n[$2]++; batch[$2] = $3 }
        END { for (i in n) if ((d = sum[i] / n[i] - batch[i]) * d > 1e-10 * batch[i] ^ 2) bad++
            exit bad || NR < 2 }' whole/spikes.tsv || fail "$(cat whole/spikes.tsv)"
    # It learns on where it was.
    awk -F, 'NR == 3 { before = $2 } END { exit !($2 < before && $3 > 0.5) }' whole/history.csv ||
        fail "$(cat whole/history.csv)"
    for epochs in 2 3 6; do
        # shellcheck disable=SC2086  # words
        train -q -o parts --resume --epochs $epochs --callback backup:every=4 $options digits.tsv
    done
    for file in model.safetensors last.ckpt history.csv spikes.tsv; do
        same whole/$file parts/$file
    done
    # Bounded.
    # shellcheck disable=SC2086  # words
    run -1 --separate-stderr train -o hopeless --epochs 6 ${options/factor=1e-4/factor=1,max=2} digits.tsv
    stderr_has "after 2 rollbacks"
}

@test "a loss beyond rollback's threshold is a spike, and its samples stand where file says" {
    run -1 --separate-stderr train -o run --epochs 1 -m mlp -b 16 --no-tensorboard \
        --callback rollback:threshold=1e-3,max=1,file=beyond.tsv digits.tsv
    stderr_has "iteration 1: loss"
    stderr_has "rollback 1 of 1"
    stderr_has "after 1 rollback; look at the samples in run/beyond.tsv"
    [ ! -e run/spikes.tsv ]
    # Two batches of 16; the window is not full, so there is no z.
    awk -F'\t' 'FNR > 1 && $2 != 1 + (FNR > 17) || FNR > 1 && $4 != "\\N" { bad++ }
        END { exit bad || FNR != 33 }' run/beyond.tsv || fail "$(cat run/beyond.tsv)"
}

@test "checkpoints of every so many batches count them through the epochs" {
    train -q -o run --epochs 2 -m mlp -b 16 --no-tensorboard \
        --callback "checkpoint:unit=batch,every=5,file=e{epoch}-b{batch}.safetensors" digits.tsv
    batches=$((($(awk -F'\t' '$9 == "train"' digits.tsv | wc -l) + 15) / 16))
    for iteration in $(seq 5 5 $((2 * batches))); do
        echo "e$(((iteration - 1) / batches + 1))-b$(((iteration - 1) % batches + 1)).safetensors"
    done | sort > expected
    (cd run && ls e*) | sort > written
    same expected written
}

@test "a run that a callback has stopped goes on with more epochs, and keeps the best of all" {
    options="-m mlp --schedule constant --no-tensorboard digits.tsv"
    stop='exec:test "$TESSERA_EVENT $TESSERA_EPOCH" != "epoch_end 2" || exit 3'
    # shellcheck disable=SC2086  # words
    train -q -o whole --epochs 5 $options
    # shellcheck disable=SC2086  # words
    run -0 --separate-stderr train -o parts --epochs 4 --callback "$stop" $options
    stderr_has "stopped early"
    [ "$(tail -n +2 parts/history.csv | wc -l)" -eq 2 ]
    cp parts/model.safetensors first
    # shellcheck disable=SC2086  # words
    run -0 --separate-stderr train -o parts --resume --epochs 4 $options
    stderr_has "it goes on if it is asked for more epochs than it was"
    [ "$(tail -n +2 parts/history.csv | wc -l)" -eq 2 ]
    # shellcheck disable=SC2086  # words
    train -q -o parts --resume --epochs 5 $options
    cmp whole/history.csv parts/history.csv
    cmp whole/model.safetensors parts/model.safetensors
    cmp whole/last.ckpt parts/last.ckpt
    run -1 cmp -s first parts/model.safetensors
}

@test "the samples' table shows wrong labels, and goes on after a stop" {
    # Every 15th row is taught as the next class.
    awk -F'\t' -v OFS='\t' 'NR == 1 { print $0, "id"; next }
        { id = NR; if (NR % 15 == 0) { $(NF - 1) = ($(NF - 1) + 1) % 10; id = "wrong-" id } print $0, id }' \
        digits.tsv > some-wrong.tsv
    options="-q -m mlp --lr 0.02 --callback samples --callback samples:file=second.tsv --no-tensorboard"
    # shellcheck disable=SC2086  # words
    train -o whole --epochs 8 $options some-wrong.tsv
    # shellcheck disable=SC2086  # words
    limited 0.02s train -o parts --resume --epochs 8 $options some-wrong.tsv
    same whole/samples.tsv whole/second.tsv
    same whole/samples.tsv parts/samples.tsv
    # A new run forgets.
    cp -r whole again
    train -q -o again --force --epochs 1 -m mlp --no-tensorboard digits.tsv
    [ ! -e again/samples.tsv ]
    # One row for each that was learned from, seen in each epoch; three in four of the wrong ones are
    # among as many rows of the least margin.
    awk -F'\t' 'NR > 1 && $4 != 8 { bad++ } END { exit bad }' whole/samples.tsv
    wrong=$(grep -c wrong- whole/samples.tsv)
    [ "$wrong" -gt 10 ]
    found=$(sed 1d whole/samples.tsv | sort -t "$(printf '\t')" -k 10,10g | sed -n "1,${wrong}p" | grep -c wrong-)
    [ "$found" -ge $((wrong * 3 / 4)) ] || fail "$found of $wrong"
}

@test "the samples' table is of one label a row" {
    awk -F'\t' -v OFS='\t' 'NR > 1 { $8 = $8 ";x" } { print }' digits.tsv > sets.tsv
    run -2 --separate-stderr train -o run --multi-label --callback samples sets.tsv
    stderr_has "callback samples is for one label a row"
    [ ! -e run ]
}
