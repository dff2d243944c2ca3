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

@test "memory at a batch size is what the planner asks for, layer by layer" {
    # value NAME FILE
    value() {
        awk -F'\t' -v name="$1" '$1 == name { print $2 }' "$2"
    }
    modelinfo --batch-size 8 --layers run >memory
    train -n -s 16x16 -b 8 shapes.tsv >plan
    [ "$(value batch_size memory)" -eq 8 ]
    [ "$(value training_activation_bytes memory)" -eq "$(value activation_bytes plan)" ]
    [ "$(value training_activation_bytes_without_sharing memory)" -eq \
        "$(value activation_bytes_without_sharing plan)" ]
    [ "$(value inference_activation_bytes memory)" -lt "$(value training_activation_bytes memory)" ]
    # The layers add up, and the plan has room for the most that is in use.
    awk -F'\t' '
        $1 == "inference_activation_bytes" { room = $2 }
        $1 == "inference_activation_bytes_without_sharing" { inference = $2 }
        $1 == "training_activation_bytes_without_sharing" { training = $2 }
        on { i += $2; t += $4 + $5; used = $3 > used ? $3 : used }
        $1 == "layer" && $2 == "inference_bytes" { on = 1 }
        END { exit !(i == inference && t == training && used > 0 && used <= room && room < inference) }' memory ||
        fail "$(cat memory)"
    # More samples, more activations; the weights stay.
    modelinfo --batch-size 16 run >twice
    [ "$(value inference_activation_bytes twice)" -gt "$(value inference_activation_bytes memory)" ]
    [ "$(value weight_bytes twice)" -eq "$(value weight_bytes memory)" ]
    bad_size() {
        run -2 --separate-stderr modelinfo --batch-size "$1" run
        stderr_has "is not 1 to 65536"
    }
    bad_size 0
    bad_size 70000
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

@test "arrays and back: the same file, byte for byte" {
    modelinfo -q --npy arrays run > /dev/null
    run -0 --separate-stderr modelinfo arrays
    output_has $'architecture\tcnn'
    modelinfo -q -o back.safetensors arrays > /dev/null
    same back.safetensors run/model.safetensors
    rm arrays/fc.bias.npy
    run -1 --separate-stderr modelinfo arrays
    stderr_has "1 missing ('fc.bias')"
}

# anonymous: the weights of the run without metadata, as somebody else would write them.
anonymous() {
    modelinfo -q --npy theirs run > /dev/null
    rm theirs/metadata.safetensors
    modelinfo -q -o "$1" theirs > /dev/null
}

@test "weights of others become a model that predicts alone" {
    anonymous w.safetensors
    run -1 predict -m w.safetensors shapes.tsv
    printf 'disc\nsquare\ntriangle\n' > names.txt
    modelinfo -q --load-into cnn --classes names.txt --size 16 --mean 0.5 --std 0.5,0.5,0.5 \
        -o model.safetensors w.safetensors > report.tsv
    grep -qx $'matched\t32' report.tsv
    grep -qx "sha256	$(sha256sum w.safetensors | cut -d' ' -f1)" report.tsv
    predict -p -m run/model.safetensors shapes.tsv > expected.tsv
    predict -p -m model.safetensors shapes.tsv > got.tsv
    same got.tsv expected.tsv
    run -0 --separate-stderr modelinfo model.safetensors
    output_has $'source\tw.safetensors'
}

@test "the report says what does not fit, and nothing is written" {
    anonymous w.safetensors
    run -1 --separate-stderr modelinfo --load-into cnn:width=8 --size 16 --mean 0 --std 1 \
        -o model.safetensors w.safetensors
    output_has $'stage1.conv1.weight\tshape\tstage1.conv1.weight\t8x3x3x3\t16x3x3x3'
    stderr_has "its weights are not those of cnn:width=8"
    run -1 --separate-stderr modelinfo --load-into resnet18 w.safetensors
    output_has $'layer1.0.bn1.weight\tmissing'
    output_has $'unused\tstage1.conv1.weight'
    run -0 --separate-stderr modelinfo --load-into auto w.safetensors
    output_has $'architecture\tcnn'
    rm theirs/fc.bias.npy
    run -1 --separate-stderr modelinfo --load-into auto theirs
    stderr_has "no architecture that is known"
    printf 'a\nb\n' > two.txt
    run -1 --separate-stderr modelinfo --load-into cnn --classes two.txt --size 16 --mean 0 --std 1 \
        -o model.safetensors w.safetensors
    stderr_has "3x64 in the file, 2x64 in the model: another number of outputs, --new-head makes a new classifier"
    modelinfo -q --load-into cnn --classes two.txt --new-head --size 16 --mean 0 --std 1 \
        --seed 5 -o model.safetensors w.safetensors > report.tsv
    grep -qx $'fresh\t2' report.tsv
    printf 'a\na\nb\n' > twice.txt
    run -1 modelinfo --load-into cnn --classes twice.txt w.safetensors
    run -2 --separate-stderr modelinfo --load-into cnn -o other.safetensors w.safetensors
    stderr_has "give --size, --mean and --std"
    [ ! -e other.safetensors ]
}

@test "a model may get other channels, and parts that do not fit may be left out" {
    modelinfo -q --load-into auto --channels 1 -o grey.safetensors run > report.tsv
    grep -qx $'adapted\t1' report.tsv
    run -0 --separate-stderr modelinfo grey.safetensors
    output_has $'input\t1x16x16'
    predict -m grey.safetensors shapes.tsv > grey.tsv
    rm -rf theirs
    modelinfo -q --npy theirs run > /dev/null
    rm theirs/stage1.bn1.weight.npy theirs/metadata.safetensors
    cp theirs/fc.bias.npy theirs/extra.bias.npy
    run -1 modelinfo --load-into cnn --size 16 theirs
    modelinfo -q --load-into cnn --size 16 --ignore 'stage1.bn1.*' --ignore 'extra.*' theirs > report.tsv
    grep -qx $'fresh\t4' report.tsv
    grep -qx $'ignored\t1' report.tsv
}

@test "names of other libraries, and back" {
    printf 'disc\nsquare\ntriangle\n' > names.txt
    train -q -o mobile --epochs 1 --size 32 --no-tensorboard --model mobilenetv2:width=0.1 shapes.tsv
    modelinfo -q --names torchvision -o theirs.safetensors mobile > /dev/null
    modelinfo --tensors theirs.safetensors > tensors.tsv
    grep -q '^features.17.conv.2.weight' tensors.tsv
    grep -q '^features.17.conv.3.num_batches_tracked' tensors.tsv
    modelinfo -q --load-into mobilenetv2:width=0.1 --classes names.txt --size 32 --mean 0.5 --std 0.5 \
        -o back.safetensors theirs.safetensors > /dev/null
    modelinfo -q --diff back.safetensors mobile
    run -2 --separate-stderr modelinfo --names torchvision -o x.safetensors run
    stderr_has "there are no names of 'torchvision' for cnn"
}

@test "weights that two architectures name and shape alike are loaded only into the one that is named" {
    train -q -m efficientnet_lite0 --size 32x32 --steps 1 -b 2 --no-tensorboard -o lite shapes.tsv
    modelinfo -q --names timm -o theirs.safetensors lite > /dev/null
    run -1 --separate-stderr modelinfo --load-into auto theirs.safetensors
    stderr_has "names and shapes do not tell whether it is efficientnet_lite0 or tf_efficientnet_lite0; name the architecture"
    run -0 modelinfo --load-into tf_efficientnet_lite0 theirs.safetensors
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

@test "class lists that disagree are a difference" {
    printf 'disc\ntriangle\nsquare\n' > names.txt
    modelinfo -q --load-into auto --classes names.txt --crop 0.9 -o other.safetensors run > /dev/null
    run -1 --separate-stderr modelinfo --diff run other.safetensors
    output_has $'crop_pct\t1\t0.9'
    output_has $'classes\tdisc'
    [[ "$output" != *numbers* ]]
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
    run -2 modelinfo --size 16 run
    run -2 modelinfo --names timm run
    run -2 modelinfo --diff --load-into cnn run run
    run -2 modelinfo --load-into cnn --channels 9 run
    run -2 modelinfo --load-into cnn --mean 1,2 run
    run -2 modelinfo --load-into cnn --interpolation nearest run
    run -2 --separate-stderr modelinfo --load-into resnet19 run
    stderr_has "there is no model 'resnet19'"
    [ ! -e x.safetensors ]
}

@test "ONNX: the weights come back, a folded network is none of ours" {
    modelinfo -q --onnx model.onnx run > /dev/null
    run -0 modelinfo --diff run model.onnx
    run -0 --separate-stderr modelinfo model.onnx
    [[ $output == *cnn* ]]
    run -1 modelinfo --onnx model.onnx run # it is there
    modelinfo -q --force --onnx model.onnx --fold run > /dev/null
    run -1 modelinfo --diff run model.onnx
    run -2 --separate-stderr modelinfo --fold run
    stderr_has "--fold: goes with --onnx FILE"
    modelinfo -q --load-into onnx --mean 0.5 --std 0.5 -o again.safetensors model.onnx
    run -0 modelinfo --layers again.safetensors
    [[ $output == *arch:model* ]]
    run -2 --separate-stderr modelinfo --load-into onnx -o other.safetensors model.onnx
    stderr_has "give --mean and --std"
    run -2 modelinfo --load-into onnx --size 20 model.onnx
    head -c 3000 model.onnx > cut.onnx
    run -1 --separate-stderr modelinfo cut.onnx
    stderr_has "no ONNX model, or a damaged one"
}

@test "bad files end with 1 and say why" {
    run -1 --separate-stderr modelinfo sheet.png
    stderr_has "sheet.png: is not a safetensors file"
    run -1 --separate-stderr modelinfo nothing
    stderr_has "nothing"
    head -c 1000 run/model.safetensors > cut.safetensors
    run -1 modelinfo cut.safetensors
    printf '\x80\x02}q\x00.' > pickle.pth
    truncate -s 100 pickle.pth
    run -1 --separate-stderr modelinfo pickle.pth
    stderr_has "written by pickle"
    mkdir empty
    run -1 modelinfo empty
}

# bad BEGIN END: a file of one tensor, two numbers, and a second one that lies there.
bad() {
    python3 - "$1" "$2" << 'END'
import json, struct, sys
begin, end = map(int, sys.argv[1:])
head = {"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]},
        "b": {"dtype": "F32", "shape": [2], "data_offsets": [begin, end]}}
text = json.dumps(head).encode()
open("bad.safetensors", "wb").write(struct.pack("<Q", len(text)) + text + bytes(16))
END
}

@test "tensors that overlap, leave a hole, or lie beyond the end are refused" {
    bad 8 16
    run -0 modelinfo bad.safetensors
    for range in "4 12" "0 8" "12 20" "8 12" "16 24" "16 8"; do
        # shellcheck disable=SC2086 # two numbers
        bad $range
        run -1 --separate-stderr modelinfo --load-into cnn --size 16 bad.safetensors
        stderr_has "bad.safetensors"
        [ -z "$output" ]
    done
}

@test "an output that exists stays without --force" {
    echo mine > kept.safetensors
    run -1 modelinfo -o kept.safetensors run
    [ "$(cat kept.safetensors)" = mine ]
}
