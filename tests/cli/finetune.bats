# finetune: what is loaded, what learns in each phase and at which rate, resume, bad input.
load helper

setup() {
    scratch_setup
    digits > digits.tsv
    awk -F'\t' -v OFS='\t' 'NR > 1 {$8 = $8 % 2 ? "odd" : "even"} 1' digits.tsv > parity.tsv
    # The first test makes the model that all begin with.
    if [ ! -d "$BATS_FILE_TMPDIR/base" ]; then
        train -q -o base --epochs 2 --optimizer adam --lr 0.003 -b 16 -j 1 digits.tsv
        cp -r base "$BATS_FILE_TMPDIR/base"
    fi
    cp -r "$BATS_FILE_TMPDIR/base" .
}

# changed A B: the parameters in which two models differ, sorted, on one line.
changed() {
    modelinfo --diff --format tsv "$1" "$2" | awk -F'\t' 'NR > 1 {print $1}' | sort | tr '\n' ' '
}

# rates OPTIONS...: stage, trained, learning_rate of --dry-run's table, in all phases.
rates() {
    finetune --from base --dry-run --format tsv "$@" parity.tsv |
        awk -F'\t' '/^$/ {on = 0} on {print $1, $2, $4, $5} $1 == "epochs" && $2 == "stage" {on = 1}'
}

@test "--dry-run: fine-tune's phases, stages and rates are fastai's" {
    rates --epochs 5 --lr 0.08 > table
    awk '$1 == "1-1" && $2 != "fc" && ($3 != 0 || $4 != 0) {exit 1}
         $1 == "1-1" && $2 == "fc" && $4 != 0.08 {exit 1}
         $1 == "2-6" && $2 == "stage1" && ($4 - 0.0004)^2 > 1e-16 {exit 1}
         $1 == "2-6" && $2 == "stage2" && ($4 - 0.04 / 100^(2/3))^2 > 1e-16 {exit 1}
         $1 == "2-6" && $2 == "fc" && $4 != 0.04 {exit 1}
         END {exit NR != 8}' table || fail "$(cat table)"
    [ ! -e run ]
}

@test "--dry-run: the rates of a phase with one cycle are those that its run has" {
    options="--from base --strategy lp-ft:probe=1 --epochs 1 --schedule onecycle --schedule-by batch -b 40"
    # shellcheck disable=SC2086  # words
    finetune --dry-run --format tsv $options parity.tsv |
        awk -F'\t' '$1 == "epoch" && $2 == "iteration" { on = 1; next } on && NF < 3 { on = 0 }
            on && ++n[$1] && !($3 in seen) { seen[$3]; different[$1]++; last[$1] = $3 }
            END { if (!(different[1] > 2 && different[2] > 2)) exit 1
                for (epoch in last) print epoch, last[epoch] }' | sort -n > told ||
        fail "$(finetune --dry-run --format tsv $options parity.tsv)"
    # shellcheck disable=SC2086  # words
    finetune -q -o run $options parity.tsv
    awk -F, 'NR == FNR { split($0, row, " "); told[row[1]] = row[2]; next }
        FNR == 1 { for (i = 1; i <= NF; i++) if ($i == "learning_rate") column = i; next }
        { d = told[$1] - $column; n++; bad += d * d > 1e-10 * $column ^ 2 } END { exit bad || n != 2 }' \
        told run/history.csv || fail "$(cat told run/history.csv)"
}

@test "options that a strategy would pass over are refused" {
    for option in "--schedule constant" "--schedule-by epoch" "--warmup-epochs 1"; do
        # shellcheck disable=SC2086  # words
        run -2 --separate-stderr finetune --from base -o run $option parity.tsv
        stderr_has "strategy fine-tune has rates of its own: leave --schedule"
    done
    echo 1 > factors.txt
    for schedule in plateau file:path=factors.txt; do
        run -2 --separate-stderr finetune --from base -o run --strategy lp-ft --schedule $schedule parity.tsv
        stderr_has "strategy lp-ft cannot have the schedule ${schedule%%:*}"
    done
    run -2 --separate-stderr finetune --from base -o run --strategy lp-ft --schedule-by epoch parity.tsv
    stderr_has "strategy lp-ft changes the rate by batch"
    [ ! -e run ]
}

@test "--dry-run: what learns, by stage, pattern and batch norm policy" {
    rates --unfreeze 2 --layer-decay 0.5 --lr 0.1 > table
    awk '{print $2, ($3 > 0), $4}' table | tr '\n' ';' > line
    [ "$(cat line)" = "stage1 0 0;stage2 0 0;stage3 1 0.05;fc 1 0.1;" ] || fail "$(cat line)"
    [ "$(rates --freeze 'stage1.*' | awk '$2 == "stage1" {print $3}')" -eq 0 ]
    [ "$(rates --unfreeze head --bn train | awk '$2 == "stage1" {print $3}')" -gt 0 ]
    [ "$(rates --strategy gradual:every=2 --epochs 5 | awk '$3 > 0 {print $1}' | uniq -c | tr -s ' \n' ' ')" = \
        " 1 1-2 2 3-4 3 5-5 " ]
    [ "$(rates --strategy lp-ft:probe=3,scale=0.5 --epochs 4 --lr 0.1 | awk '$2 == "fc" {print $1, $4}' |
        tr '\n' ';')" = "1-3 0.1;4-7 0.05;" ]
}

@test "weights that do not say how pictures become input: what to give is said, and taken" {
    train -q -o net --epochs 1 -m resnet18:width=8,stem=small --channels 3 digits.tsv
    modelinfo --names torchvision -o theirs.safetensors net > /dev/null
    run -2 --separate-stderr finetune --from theirs.safetensors -o run parity.tsv
    stderr_has "theirs.safetensors: does not say how pictures become its input: give --size, --mean and --std"
    input="--arch resnet18:width=8,stem=small --size 20 --mean 0.485,0.456,0.406"
    # shellcheck disable=SC2086  # words
    finetune -q --from theirs.safetensors -o run --unfreeze head --epochs 1 $input --std 0.229,0.224,0.225 parity.tsv
    run -0 modelinfo --format tsv run
    output_has $'mean\t0.485,0.456,0.406'
    # shellcheck disable=SC2086  # words
    run -2 --separate-stderr finetune --from theirs.safetensors -o other $input --std 1,2 parity.tsv
    stderr_has "--std: 2 numbers for 3 channels"
    [ ! -e other ]
}

@test "a new head where the classes differ, the model's where they are the same" {
    run -0 finetune --from base --dry-run --format tsv parity.tsv
    output_has $'fresh\t2'
    run -0 finetune --from base --dry-run --format tsv digits.tsv
    output_has $'fresh\t0'
    run -0 finetune --from base --dry-run --format tsv --new-head digits.tsv
    output_has $'fresh\t2'
}

@test "frozen numbers stay, to the bit; statistics too, unless --bn train" {
    finetune -q --from base -o head --unfreeze head --epochs 1 -b 16 digits.tsv
    [ "$(changed base head)" = "fc.bias fc.weight " ]
    finetune -q --from base -o train --unfreeze head --bn train --epochs 1 -b 16 digits.tsv
    [[ $(changed base train) == *stage1*running_mean* ]]
    finetune -q --from base -o fixed --strategy fixed --unfreeze all --bn fixed --freeze 'stage2.*' \
        --lr 0.001 --epochs 1 -b 16 digits.tsv
    [[ $(changed base fixed) == *fc.weight*stage1* ]]
    [[ ! $(changed base fixed) =~ stage2|running ]]
}

@test "a model in a folder of arrays is begun with as the model itself" {
    modelinfo -q --npy arrays base > /dev/null
    for from in base arrays; do
        finetune -q --from $from -o from-$from --epochs 1 -b 16 -j 1 parity.tsv
    done
    [ -z "$(changed from-base from-arrays)" ]
}

@test "every strategy learns the new task" {
    for strategy in fine-tune fixed gradual lp-ft:probe=2; do
        finetune -q --from base -o run --force --strategy $strategy --epochs 3 -b 8 parity.tsv
        awk -F, 'NR == 2 {first = $2} END {exit !($2 < first && $3 > 0.8)}' run/history.csv ||
            fail "$strategy: $(cat run/history.csv)"
    done
}

@test "killed in each phase, a run ends with the bits of one that ran through" {
    options="--from base --strategy fine-tune:freeze_epochs=3 --epochs 4 --optimizer adam -b 8 -j 1
        --l2-sp 0.01 --augment rotate=10"
    # shellcheck disable=SC2086  # words
    finetune -q -o whole $options parity.tsv
    cat > die.sh <<'END'
#!/bin/sh
# Ends the run after the epochs that have a file, once each.
epoch=$(wc -l < parts/history.csv)
[ -e "died.$epoch" ] || { : > "died.$epoch"; kill -KILL $PPID; }
END
    chmod +x die.sh
    for _ in 1 2 3 4 5; do
        # shellcheck disable=SC2086  # words
        finetune -q -o parts --resume $options --callback "exec:exec ./die.sh" parity.tsv 2> /dev/null || true
    done
    # shellcheck disable=SC2086  # words
    finetune -q -o parts --resume $options parity.tsv
    [ "$(find . -name 'died.*' | wc -l)" -ge 3 ]
    same whole/model.safetensors parts/model.safetensors
    same whole/history.csv parts/history.csv
}

@test "a run that is stopped in its validation has the epoch's rate when it goes on" {
    options="-q --from base --epochs 2 -b 16 --no-tensorboard parity.tsv"
    cat > stop.c <<'END'
#include <tessera.h>

#include <signal.h>
#include <stdlib.h>

const int tessera_callback_abi = TS_CALLBACK_ABI;

static gboolean
evaluation_begin(TsCallback *callback, TsTrainer *trainer, GError **error)
{
    return (getenv("STOP") == NULL || trainer->epoch != 1) || raise(SIGTERM) == 0;
}

static void
free_stop(TsCallback *callback)
{
    g_free(callback);
}

TsCallback *
tessera_callback_new(const char *arguments, GError **error)
{
    TsCallback *self = g_new0(TsCallback, 1);
    *self = (TsCallback){.name = "stop", .evaluation_begin = evaluation_begin, .free = free_stop};
    return self;
}
END
    # shellcheck disable=SC2046,SC2154  # words; build_root is the helper's
    cc -shared -fPIC -o stop.so stop.c $(PKG_CONFIG_PATH=$build_root/meson-uninstalled pkg-config --cflags tessera)
    # shellcheck disable=SC2086  # words
    finetune -o whole --callback plugin:stop.so $options
    # shellcheck disable=SC2086  # words
    STOP=1 run -3 finetune -o parts --callback plugin:stop.so $options
    # shellcheck disable=SC2086  # words
    finetune -o parts --resume --callback plugin:stop.so $options
    same whole/history.csv parts/history.csv
    same whole/model.safetensors parts/model.safetensors
}

# agree A B: the histories of two runs agree but for rounding.
agree() {
    paste -d, "$1/history.csv" "$2/history.csv" | awk -F, 'NR == 1 {n = NF / 2}
        NR > 1 {for (i = 1; i <= n; i++) if (($i - $(n + i))^2 > 1e-8) exit 1}
        END {exit NR < 3}' || fail "$(paste "$1/history.csv" "$2/history.csv")"
}

@test "features of a frozen network are computed once, and train as the network itself does" {
    for options in "--unfreeze head --epochs 3" "--unfreeze 2 --epochs 2 --accumulate 2" \
        "--strategy lp-ft:probe=3 --epochs 1 --ema 0.9"; do
        for cache in off on; do
            # shellcheck disable=SC2086  # words
            finetune -q --from base -o $cache --force --feature-cache $cache --profile --lr 0.02 -b 16 $options \
                --no-tensorboard parity.tsv
        done
        agree off on
        [ ! -e on/features ]
        # Of the samples, an epoch of the whole network reads each once, and no other does.
        [[ $options == *lp-ft* ]] && reads=160 || reads=0
        [ "$(awk -F'\t' '$1 == "decode" {n += $4} END {print n + 0}' on/profile.tsv)" -eq "$reads" ]
        [ "$(awk -F'\t' '$1 == "decode" {n += $4} END {print n + 0}' off/profile.tsv)" -eq 160 ]
    done
}

@test "a run that is killed finds its features again, and makes them anew where they are others" {
    options="--from base --unfreeze head --epochs 4 -b 16 --feature-cache on"
    # shellcheck disable=SC2086  # words
    finetune -q -o whole $options parity.tsv
    cat > die.sh <<'END'
#!/bin/sh
[ "$TESSERA_EVENT" != epoch_end ] || [ -e died ] || { : > died; kill -KILL $PPID; }
END
    chmod +x die.sh
    for damage in none key length; do
        rm -rf died parts
        # shellcheck disable=SC2086  # words
        finetune -q -o parts $options --callback "exec:exec ./die.sh" parity.tsv 2> /dev/null || true
        [ -e parts/features ]
        [ $damage != key ] || printf x | dd of=parts/features bs=1 seek=20 conv=notrunc status=none
        [ $damage != length ] || truncate -s -4 parts/features
        # Other numbers under the right key are believed: they are what is read.
        [ $damage != none ] || dd if=/dev/zero of=parts/features bs=1 seek=128 count=20000 conv=notrunc status=none
        # shellcheck disable=SC2086  # words
        finetune -q -o parts $options --resume parity.tsv
        [ ! -e parts/features ]
        if [ $damage = none ]; then
            run ! same whole/model.safetensors parts/model.safetensors
        else
            same whole/model.safetensors parts/model.safetensors
            same whole/history.csv parts/history.csv
        fi
    done
}

@test "--dry-run says which phases keep features, and why others do not" {
    # cache OPTIONS...: the table's epochs, layer and reason.
    cache() {
        finetune --from base --dry-run --format tsv "$@" parity.tsv |
            awk -F'\t' '/^$/ {on = 0} on {print $1, $2, $5} $2 == "features_of" {on = 1}' | tr '\n' ';'
    }
    [ "$(cache --unfreeze head --epochs 2)" = '1-2 flatten22 \N;' ]
    [ "$(cache --epochs 2)" = '1-1 \N one epoch;2-3 \N the first layers learn;' ]
    [ "$(cache --epochs 2 --feature-cache on)" = '1-1 flatten22 \N;2-3 \N the first layers learn;' ]
    [ "$(cache --unfreeze 2 --epochs 2)" = '1-2 \N larger than the samples;' ]
    [ "$(cache --unfreeze head --bn train --epochs 2)" = '1-2 \N larger than the samples;' ]
    [ "$(cache --unfreeze head --augment hflip --epochs 2)" = '1-2 \N --augment changes the samples;' ]
    [ "$(cache --unfreeze head --feature-cache off --epochs 2)" = '1-2 \N off;' ]
}

@test "a run of another strategy or model is not gone on with" {
    finetune -q --from base -o run --epochs 1 -b 16 parity.tsv
    run -2 --separate-stderr finetune -q --from base -o run --resume --epochs 2 -b 16 --l2-sp 1 parity.tsv
    stderr_has "another fine-tuning"
    train -q -o other --epochs 1 -b 16 digits.tsv
    run -2 --separate-stderr finetune -q --from other -o run --resume --epochs 2 -b 16 parity.tsv
    stderr_has "another fine-tuning"
}

@test "wrong usage and bad models are refused" {
    run -2 --separate-stderr finetune --dry-run parity.tsv
    stderr_has "--from MODEL"
    set -f # --freeze *
    while IFS='|' read -r words message; do
        # shellcheck disable=SC2086  # words
        run -2 --separate-stderr finetune --from base --dry-run $words parity.tsv
        stderr_has "$message"
    done <<'END'
--unfreeze 0|is not head, a number of stages, or all
--unfreeze head --strategy lp-ft|says itself which stages learn
--strategy thaw|there is no strategy 'thaw'
--strategy gradual:each=2|each
--bn off|is not frozen, train or fixed
--freeze layer9.*|fits no parameter
--freeze *|nothing to learn
--lr-mult 10 --layer-decay 0.5 --unfreeze all|exclude each other
--lr-mult 10|has rates of its own
--layer-decay 2 --unfreeze all|--layer-decay: 2 is outside
--layer-decay 0 --unfreeze all|--layer-decay: 0 is outside
--lr-mult 0 --unfreeze all|--lr-mult: 0 is outside
--steps 5|--steps goes with strategy fixed
--feature-cache yes|is not auto, on or off
--feature-cache on --augment hflip|--augment changes the samples in each epoch
--feature-cache on --unfreeze all|there are no features to keep
END
    set +f
    head -c 1000 base/model.safetensors > cut.safetensors
    run -1 --separate-stderr finetune --from cut.safetensors --dry-run parity.tsv
    run -1 --separate-stderr finetune --from gone --dry-run parity.tsv
    run -1 --separate-stderr finetune --from base --arch resnet18 --dry-run parity.tsv
    stderr_has "missing"
    run -2 --separate-stderr finetune --from base --arch resnet17 --dry-run parity.tsv
    stderr_has "there is no model 'resnet17' (nearest: resnet18)"
    run -1 --separate-stderr finetune --from base --arch none.arch --dry-run parity.tsv
    stderr_has "none.arch"
}
