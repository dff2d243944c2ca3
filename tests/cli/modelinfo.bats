#!/usr/bin/env bats
# modelinfo: what it tells of a model, its checks, its other forms, and bad files.

load helper

setup() {
    scratch_setup
    train -q -o run --epochs 1 --size 16x16 --no-tensorboard shapes.tsv
}

# damage OFFSET BYTES FILE: overwrite bytes of the numbers, counted from the file's end.
damage() {
    printf '%b' "$2" | dd of="$3" bs=1 seek=$(($(stat -c %s "$3") - $1)) conv=notrunc status=none
}

@test "the summary has the architecture, the classes and the sizes" {
    run -0 --separate-stderr modelinfo run
    output_has $'architecture\tcnn'
    output_has $'input\t3x16x16'
    output_has $'class_names\tdisc, square, triangle'
    output_has $'parameters\t72499'
    output_has $'format\ttessera 1'
    run -0 --separate-stderr modelinfo --format json run/model.safetensors
    printf '%s' "$output" | python3 -c '
import json, sys
report = json.load(sys.stdin)
assert report["model"]["parameters"] == 72499 and report["model"]["tensors"] == 32'
}

@test "layers add up to what the summary says" {
    run -0 --separate-stderr modelinfo --layers run
    printf '%s\n' "$output" | awk -F'\t' '
        $1 == "parameters" { parameters = $2 }
        $1 == "multiply_adds_per_sample" { adds = $2 }
        NF == 7 && $1 != "layer" { p += $6; a += $7 }
        END { exit !(p == parameters && a == adds && p > 0) }'
}

@test "tensors are listed with their moments" {
    run -0 --separate-stderr modelinfo --tensors run
    output_has $'fc.weight\tF32\t3x64\t192\t'
    output_has $'stage1.conv1.weight\tF32\t16x3x3x3\t432\t'
}

@test "verify passes good weights and names those that are not finite" {
    run -0 modelinfo --verify run
    cp run/model.safetensors bad.safetensors
    damage 4 '\x00\x00\xc0\x7f' bad.safetensors
    run -1 --separate-stderr modelinfo --verify bad.safetensors
    output_has "1 numbers are not finite"
}

@test "a converted model predicts, and differs by what rounding explains" {
    modelinfo -q -o small.safetensors --dtype bf16 run > /dev/null
    run -1 --separate-stderr modelinfo --diff run small.safetensors
    output_has $'fc.weight\tnumbers\t3x64\t3x64\t'
    run -0 --separate-stderr modelinfo --diff --tolerance 0.01 run small.safetensors
    [ -z "$output" ]
    stderr_has "no difference in 32 tensors"
    predict -m small.safetensors shapes.tsv > answers.tsv
    modelinfo -q -o same.safetensors run > /dev/null
    same same.safetensors run/model.safetensors
}

@test "arrays are what NumPy reads" {
    modelinfo -q --npy arrays run > /dev/null
    [ "$(find arrays -name '*.npy' | wc -l)" -eq 32 ]
    head -c 6 arrays/fc.weight.npy | grep -aq NUMPY
    run -1 modelinfo --npy arrays run
    modelinfo -q --force --npy arrays run > /dev/null
}

@test "the graph names every layer, and is a picture where graphviz is" {
    modelinfo -q --graph model.dot run > /dev/null
    grep -q 'stage1.conv1' model.dot
    [ "$(grep -c -- '->' model.dot)" -eq 24 ]
    if command -v dot > /dev/null; then
        modelinfo -q --graph model.svg run > /dev/null
        grep -q '<svg' model.svg
    else
        run -1 --separate-stderr modelinfo --graph model.svg run
        stderr_has "install graphviz"
        [ ! -e model.svg ]
    fi
}

@test "another architecture differs in names and shapes" {
    train -q -o wide --epochs 1 --size 16x16 --no-tensorboard --model cnn:width=8 shapes.tsv
    run -1 --separate-stderr modelinfo --diff run wide
    output_has $'fc.weight\tshape\t3x64\t3x32'
    train -q -o mlp --epochs 1 --size 16x16 --no-tensorboard --model mlp shapes.tsv
    run -1 --separate-stderr modelinfo --diff run mlp
    output_has "only in the first"
    output_has "only in the second"
}

@test "wrong usage ends with 2" {
    run -2 modelinfo
    run -2 modelinfo run run
    run -2 modelinfo --diff run
    run -2 modelinfo --tolerance 1 run
    run -2 modelinfo --diff --tolerance -1 run run
    run -2 modelinfo --dtype f16 run
    run -2 modelinfo --diff --layers run run
    run -2 --separate-stderr modelinfo -o x.safetensors --dtype f64 run
    stderr_has "'f64' is not f32, f16 or bf16"
    run -2 modelinfo --graph x.png run
    [ ! -e x.safetensors ]
}

@test "bad files end with 1 and say why" {
    run -1 --separate-stderr modelinfo sheet.png
    stderr_has "not a safetensors file"
    run -1 --separate-stderr modelinfo nothing
    stderr_has "nothing"
    head -c 1000 run/model.safetensors > cut.safetensors
    run -1 modelinfo cut.safetensors
    printf '\x80\x02}q\x00.' > old.pth
    truncate -s 100 old.pth
    run -1 --separate-stderr modelinfo old.pth
    stderr_has "before PyTorch 1.6"
    mkdir empty
    run -1 modelinfo empty
}

@test "an output that exists stays without --force" {
    echo mine > kept.safetensors
    run -1 modelinfo -o kept.safetensors run
    [ "$(cat kept.safetensors)" = mine ]
}
