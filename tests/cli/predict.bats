# predict: rows in, rows with answers out; what it does with bad input.
load helper

setup() {
    scratch_setup
    train -q -o run --epochs 2 shapes.tsv
}

@test "what is no model of tessera is named, with what makes one of it" {
    modelinfo --onnx model.onnx run > /dev/null
    sed 's/tessera 1/nobodys 1/' run/model.safetensors > theirs.safetensors
    for file in model.onnx theirs.safetensors; do
        run -1 --separate-stderr predict -m $file shapes.tsv
        stderr_has "$file: is no model of tessera; modelinfo --load-into makes one"
    done
    run -1 --separate-stderr predict -m sheet.png shapes.tsv
    stderr_has "sheet.png: is not a safetensors file"
    head -c 100 run/model.safetensors > cut.safetensors
    run -1 --separate-stderr predict -m cut.safetensors shapes.tsv
    stderr_has "the file may be cut off"
}

@test "rows come out in order, whole, with pred and score" {
    predict -m run/model.safetensors shapes.tsv > answers.tsv
    [ "$(head -n 1 answers.tsv)" = "$(head -n 1 shapes.tsv)"$'\tpred\tscore' ]
    cut -f 1-3 answers.tsv | cmp - shapes.tsv
    predict -m run shapes.tsv | cmp - answers.tsv
    awk -F'\t' 'NR > 1 && !($NF > 1 / 3 - 1e-6 && $NF <= 1) {exit 1}' answers.tsv
}

@test "probabilities sum to one, and the score is the largest" {
    predict -m run/model.safetensors -p shapes.tsv > answers.tsv
    [ "$(head -n 1 answers.tsv | cut -f 6-)" = $'p_disc\tp_square\tp_triangle' ]
    awk -F'\t' 'NR > 1 {
        sum = $6 + $7 + $8; top = $6 > $7 ? $6 : $7; top = top > $8 ? top : $8
        if (sum < 0.99999 || sum > 1.00001 || top != $5) exit 1
    }' answers.tsv || fail "$(cat answers.tsv)"
}

@test "a pipe and a file give the same answers, in batches of any size" {
    predict -m run/model.safetensors shapes.tsv > file.tsv
    predict -m run/model.safetensors -b 7 < shapes.tsv > pipe.tsv
    cut -f 1-4 file.tsv > a
    cut -f 1-4 pipe.tsv > b
    same a b
}

@test "answers are replaced, not added again" {
    predict -m run/model.safetensors shapes.tsv | predict -m run/model.safetensors > twice.tsv
    [ "$(head -n 1 twice.tsv | tr '\t' '\n' | grep -c pred)" -eq 1 ]
}

@test "--split chooses rows; a split that no row has is an error" {
    awk -F'\t' -v OFS='\t' '{print $0, NR == 1 ? "split" : NR % 2 ? "test" : "train"}' shapes.tsv > s.tsv
    predict -m run/model.safetensors --split test s.tsv > answers.tsv
    [ "$(wc -l < answers.tsv)" -eq "$(($(grep -c 'test$' s.tsv) + 1))" ]
    run -1 --separate-stderr predict -m run/model.safetensors --split tset s.tsv
    stderr_has "tset"
}

@test "a folder of pictures needs no labels" {
    predict -m run/model.safetensors shapes/disc > answers.tsv
    [ "$(wc -l < answers.tsv)" -eq 25 ]
}

@test "what is no model is refused" {
    run -2 --separate-stderr predict shapes.tsv
    stderr_has "-m"
    run -1 --separate-stderr predict -m shapes shapes.tsv
    stderr_has "shapes/model.safetensors: cannot be read"
    run -1 --separate-stderr predict -m sheet.png shapes.tsv
    stderr_has "sheet.png"
    head -c 2000 run/model.safetensors > torn.safetensors
    run -1 --separate-stderr predict -m torn.safetensors shapes.tsv
    stderr_has "torn.safetensors"
}

@test "an unreadable picture ends with 1, is named, and no file appears under the final name" {
    cp shapes.tsv bad.tsv
    printf 'text.png\tdisc\tx\n' >> bad.tsv
    echo "no picture" > text.png
    run -1 --separate-stderr predict -m run/model.safetensors -o answers.tsv bad.tsv
    stderr_has "text.png"
    [ ! -e answers.tsv ]
    no_leftovers .
}

@test "a picture of channels that the model cannot take is named, and nothing is written" {
    head -c 80 run/model.safetensors > five
    printf 'file_name\toffset\tlength\traw\nfive\t0\t80\t4x4x5:u8\n' > five.tsv
    run -1 --separate-stderr predict -m run/model.safetensors -o answers.tsv five.tsv
    stderr_has "five.tsv:2: 5 bands cannot be turned into 3"
    [ ! -e answers.tsv ]
}

@test "a full disk ends with 1" {
    status=0
    predict -m run/model.safetensors shapes.tsv > /dev/full 2> message || status=$?
    [ "$status" -eq 1 ]
    grep -q "No space left" message
}

@test "weights that are no numbers are an error, not a class" {
    n=$(od -A n -t u8 -N 8 run/model.safetensors | tr -d ' ')
    # The first tensor is fc.bias; its first number becomes a NaN.
    cp run/model.safetensors nan.safetensors
    printf '\377\377\377\377' | dd of=nan.safetensors bs=1 seek=$((n + 8)) conv=notrunc status=none
    run -1 --separate-stderr predict -m nan.safetensors -o answers.tsv shapes.tsv
    stderr_has "no number"
    [ ! -e answers.tsv ]
}
