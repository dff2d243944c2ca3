# The worked pipelines: each Makefile as a whole, with a few small pictures in place of the data
# sets that it fetches, and hardly any learning.

load helper

# The tools themselves are sanitized one by one elsewhere.
setup() {
    ! is_sanitized || skip "minutes of work"
    scratch_setup
}

# pipeline NAME VARIABLE=VALUE...: make it here, without a message.
pipeline() {
    local name=$1
    shift
    make --no-print-directory -s -f "$source_root/pipelines/$name/Makefile" BUILD="$build_root" "$@" \
        > out 2> err || fail "$(cat err)"
}

# clothes: ten small classes in the files of Fashion-MNIST, sixteen training and four test pictures each.
clothes() {
    digits test > cells.tsv
    dataconv -q --to idx -o data cells.tsv
}

# The real one begins with photographs and with weights of ImageNet.
@test "pipelines/finetune: tiles, features, three ways to learn, a table over the seeds" {
    "$build_root/sample_data/make-sheet" --columns 10 --rows 1 cells.png
    mkdir pictures
    for class in brick coffee coins fur grass gravel moon motorcycle page stars tissue; do
        ln -s "$PWD/cells.png" "pictures/$class.png"
    done
    tile --virtual -s 50 cells.png | awk -v OFS='\t' '{ print $0, NR == 1 ? "label" : NR % 2 }' > some.tsv
    train -q --model tf_efficientnet_lite0 --size 32x32 --channels 1 --steps 1 -b 2 --no-tensorboard \
        -o weights some.tsv
    ln -s weights/model.safetensors weights.pth
    pipeline finetune TILES=2 SIDE=32 HEAD_EPOCHS=1 TUNED_EPOCHS=1 SCRATCH_EPOCHS=1 SEEDS="1 2"
    same out table.tsv
    # Two tiles of each class to learn from, and as many to judge by as the split has.
    [ "$(grep -c 'train$' few.tsv)" -eq 22 ]
    [ "$(grep -c 'test$' few.tsv)" -eq "$(grep -c 'test$' split.tsv)" ]
    [ "$(wc -l < tuned-2-predicted.tsv)" -eq $(($(grep -c 'test$' few.tsv) + 1)) ]
    [ "$(cut -f 1-3 table.tsv | tr '\t\n' ' ;')" = "method metric seeds;head accuracy 2;head balanced_accuracy 2;tuned accuracy 2;tuned balanced_accuracy 2;scratch accuracy 2;scratch balanced_accuracy 2;" ]
}

# The real one begins with Fashion-MNIST and 5,000 handwritten digits.
@test "pipelines/transfer: learns from one data set, goes on with another, and compares" {
    clothes
    "$build_root/sample_data/make-sheet" --columns 100 --rows 5 digits.png
    pipeline transfer SAMPLES="2 3" PASSES=2 SEEDS="1 2" EPOCHS=1
    same out table.tsv
    [ "$(awk -F'\t' '$NF == 9' clothes.tsv | wc -l)" -eq 0 ]
    [ "$(wc -l < few-3-2.tsv)" -eq 31 ]
    [ "$(wc -l < table.tsv)" -eq 11 ]
    for method in scratch head schedule all l2sp; do
        grep -q "^3	2	$method	[0-9]" table.tsv
    done
}

@test "pipelines/fashion: a small network and ResNet-18, each judged once" {
    clothes
    pipeline fashion VAL=20 EPOCHS=1 RESNET_EPOCHS=1 AVERAGE_EPOCHS=1 REPLICATES=20 all resnet18
    for network in cnn resnet18-average; do
        [ "$(wc -l < $network-predicted.tsv)" -eq 41 ]
        # The value of each, and once more with its interval.
        [ "$(cut -f 1 $network-report.tsv | grep -c '^accuracy$\|^log_loss$\|^ece$')" -eq 6 ]
    done
}

@test "pipelines/longtail: a tail, eight ways to learn from it, a table" {
    clothes
    pipeline longtail HEAD=12 RATIO=6 EPOCHS=1 LONG_EPOCHS=2 REPLICATES=20
    same out table.tsv
    [ "$(awk -F'\t' '$0 ~ /train$/ { n[$(NF - 1)]++ } END { print n[0], n[9] }' longtail.tsv)" = "12 2" ]
    [ "$(wc -l < table.tsv)" -eq 9 ]
}

# The real one begins with three photographs.
@test "pipelines/texture: features of tiles tell brick from grass from gravel" {
    "$build_root/sample_data/make-sheet" --columns 20 --rows 1 cells.png
    tile --virtual -s 192 cells.png | head -n 2 > one.tsv
    augment -q --ops blur=0.01..0.01 -o brick one.tsv
    augment -q --ops blur=2..2 -o grass one.tsv
    augment -q --ops noise=0.3 -o gravel one.tsv
    for name in brick grass gravel; do
        find $name -name '*.png' -exec cp {} $name.png \;
    done
    pipeline texture
    same out metrics.tsv
    awk -F'\t' '$1 == "accuracy" { exit !($2 > 0.9) }' metrics.tsv
}
