# predict: what is said of a row beside pred and score: features, further classes, views, scores.
load helper

setup() {
    scratch_setup
    train -q -o run --epochs 2 shapes.tsv
    cp run/model.safetensors .
}

# Read arrays and tensors without NumPy: load(path) of a .npy of floats, and tensors(path).
python_readers='
import json, math, struct
def load(path):
    data = open(path, "rb").read()
    n = struct.unpack("<H", data[8:10])[0]
    header = eval(data[10:10 + n])
    assert (10 + n) % 64 == 0 and header["descr"] == "<f4" and not header["fortran_order"]
    numbers = struct.unpack(f"<{(len(data) - 10 - n) // 4}f", data[10 + n:])
    count = 1
    for side in header["shape"]:
        count *= side
    assert count == len(numbers)
    return header["shape"], numbers
def rows(path):
    shape, numbers = load(path)
    width = len(numbers) // shape[0]
    return [numbers[i * width:][:width] for i in range(shape[0])]
def tensors(path):
    data = open(path, "rb").read()
    n = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8:8 + n])
    found = {}
    for name, about in header.items():
        if name != "__metadata__":
            part = data[8 + n:][slice(*about["data_offsets"])]
            found[name] = struct.unpack(f"<{len(part) // 4}f", part)
    return found
def table(path):
    lines = [line.rstrip("\n").split("\t") for line in open(path)]
    return [dict(zip(lines[0], line)) for line in lines[1:]]
def close(a, b, bound=1e-5):
    assert abs(a - b) <= bound, (a, b)
'

@test "the features are what the classifier reads: its weights make the probabilities of them" {
    predict -m model.safetensors -p -k 3 --open-set energy:temperature=2 --features-out f.npy shapes.tsv > a.tsv
    python3 - <<PY
$python_readers
weight, bias = (tensors("model.safetensors")["fc." + part] for part in ("weight", "bias"))
assert load("f.npy")[0] == (42, 64)
for row, x in zip(table("a.tsv"), rows("f.npy")):
    z = [b + sum(u * v for u, v in zip(weight[64 * c:64 * c + 64], x)) for c, b in enumerate(bias)]
    p = [math.exp(v) / sum(map(math.exp, z)) for v in z]
    names = ["disc", "square", "triangle"]
    for name, v in zip(names, p):
        close(v, float(row["p_" + name]))
    close(-2 * math.log(sum(math.exp(v / 2) for v in z)), float(row["energy"]))
    ranked = sorted(zip(p, names), reverse=True)
    assert [row["pred"], row["pred_2"], row["pred_3"]] == [name for _, name in ranked]
    for column, (v, _) in zip(("score", "score_2", "score_3"), ranked):
        close(v, float(row[column]))
PY
}

@test "a layer is named as modelinfo names it; height and width become a mean, a max, or stay" {
    predict -m model.safetensors -o a.tsv --features relu20 shapes.tsv
    predict -m model.safetensors -o b.tsv --features relu20 --pool max shapes.tsv
    predict -m model.safetensors -o c.tsv --features relu20 --pool none shapes.tsv
    predict -m model.safetensors -o d.tsv --features-out d.npy shapes.tsv
    same a.tsv b.tsv
    python3 - <<PY
$python_readers
assert load("c.npy")[0] == (42, 64, 8, 8)
for mean, largest, whole, below in zip(*map(rows, ("a.npy", "b.npy", "c.npy", "d.npy"))):
    for c in range(64):
        part = whole[64 * c:64 * c + 64]
        close(sum(part) / 64, mean[c])
        assert max(part) == largest[c] and min(part) >= 0
        close(mean[c], below[c])
PY
}

@test "a layer that is computed as one with the next shows its own numbers" {
    predict -m model.safetensors -o a.tsv --features stage3.bn2 --pool none shapes.tsv
    predict -m model.safetensors -o b.tsv --features relu20 --pool none shapes.tsv
    predict -m model.safetensors -o c.tsv --features stage3.conv2 --pool none shapes.tsv
    python3 - <<PY
$python_readers
a, b, c = (load(name)[1] for name in ("a.npy", "b.npy", "c.npy"))
assert min(a) < 0
for x, y in zip(a, b):
    close(max(x, 0), y)
t = tensors("model.safetensors")
scale, shift, mean, variance = (t["stage3.bn2." + part]
                                for part in ("weight", "bias", "running_mean", "running_var"))
for i, (x, y) in enumerate(zip(c, a)):
    k = i // 64 % 64
    close((x - mean[k]) / math.sqrt(variance[k] + 1e-5) * scale[k] + shift[k], y, 1e-4)
PY
}

@test "features go where the table goes, are never overwritten, and feed smote" {
    predict -m model.safetensors -o answers.tsv --features dropout23 shapes.tsv
    [ -s answers.npy ]
    run -1 --separate-stderr predict -m model.safetensors -o other.tsv --features-out answers.npy shapes.tsv
    stderr_has "answers.npy: exists already"
    [ ! -e other.tsv ]
    smote -q --space answers.npy answers.tsv > more.tsv
    [ "$(wc -l < more.tsv)" -gt "$(wc -l < answers.tsv)" ]
    run -2 --separate-stderr predict -m model.safetensors --features fc shapes.tsv
    stderr_has "--features-out"
    run -1 --separate-stderr predict -m model.safetensors --features-out /dev/stdout shapes.tsv
    stderr_has "is no file"
    run -2 --separate-stderr predict -m model.safetensors --features-out f.npy --features relu21 shapes.tsv
    stderr_has "no layer 'relu21' (nearest: relu20); modelinfo --layers shows them"
    run -2 --separate-stderr predict -m model.safetensors --pool mean shapes.tsv
    stderr_has "--pool"
    run -2 --separate-stderr predict -m model.safetensors --features-out f.npy --pool sum shapes.tsv
    stderr_has "'sum' is none of mean, max, none"
    no_leftovers .
}

@test "views are averaged: answers and features are the means of those to the views by themselves" {
    awk -F'\t' -v OFS='\t' '{print $1, NR == 1 ? "op" : "hflip"}' shapes.tsv > flipped.tsv
    cut -f 1 shapes.tsv > plain.tsv
    predict -m model.safetensors -p --open-set energy --features-out a.npy plain.tsv > a.tsv
    predict -m model.safetensors -p --open-set energy --features-out b.npy flipped.tsv > b.tsv
    predict -m model.safetensors -p --open-set energy --features-out c.npy --tta hflip plain.tsv > c.tsv
    python3 - <<PY
$python_readers
differ = 0
for a, b, c in zip(*map(table, ("a.tsv", "b.tsv", "c.tsv"))):
    for column in ("p_disc", "p_square", "p_triangle", "energy"):
        close((float(a[column]) + float(b[column])) / 2, float(c[column]))
        differ += a[column] != b[column]
assert differ > 40
for a, b, c in zip(*(load(name)[1] for name in ("a.npy", "b.npy", "c.npy"))):
    close((a + b) / 2, c)
PY
}

@test "turned pictures have the same answer to all of D4, and views multiply" {
    for op in r90 transpose; do
        awk -F'\t' -v OFS='\t' -v op=$op '{print $1, NR == 1 ? "op" : "d4=" op}' shapes.tsv > t.tsv
        predict -m model.safetensors -p --tta d4 t.tsv | cut -f 3- > $op.tsv
    done
    predict -m model.safetensors -p --tta d4 shapes.tsv | cut -f 4- > none.tsv
    predict -m model.safetensors -p --tta flips shapes.tsv | cut -f 4- > flips.tsv
    python3 - <<PY
$python_readers
for a, b, c in zip(*map(table, ("none.tsv", "r90.tsv", "transpose.tsv"))):
    for column in ("p_disc", "p_square", "p_triangle"):
        close(float(a[column]), float(b[column]))
        close(float(a[column]), float(c[column]))
PY
    run -1 cmp -s none.tsv flips.tsv
    for views in "--tta five-crop" "--tta five-crop --tta hflip" "--tta five-crop:scale=0.5"; do
        # shellcheck disable=SC2086  # options
        predict -m model.safetensors -p $views shapes.tsv | cut -f 4- > crops.tsv
        run -1 cmp -s crops.tsv none.tsv
        [ "$(wc -l < crops.tsv)" -eq 43 ]
    done
    # Crops of the whole image are all the same.
    predict -m model.safetensors -p --tta five-crop:scale=1 shapes.tsv > crops.tsv
    predict -m model.safetensors -p shapes.tsv > plain.tsv
    python3 - <<PY
$python_readers
for a, b in zip(table("crops.tsv"), table("plain.tsv")):
    close(float(a["score"]), float(b["score"]))
PY
    run -2 --separate-stderr predict -m model.safetensors --tta hflop shapes.tsv
    stderr_has "'hflop' is none of hflip, flips, d4 or five-crop[:scale=0.875] (nearest: hflip)"
    run -2 --separate-stderr predict -m model.safetensors --tta hflip --tta d4 shapes.tsv
    stderr_has "one of hflip, flips and d4"
    run -2 --separate-stderr predict -m model.safetensors --tta five-crop:size=3 shapes.tsv
    stderr_has "scale"
}

@test "the k-th nearest row of a reference tells how strange a sample is" {
    grep -v triangle shapes.tsv > known.tsv
    predict -q -m model.safetensors --features-out known.npy known.tsv > known-answers.tsv
    predict -m model.safetensors --features-out f.npy --open-set knn:reference=known.npy,k=3 shapes.tsv > a.tsv
    python3 - <<PY
$python_readers
def unit(x):
    length = math.sqrt(sum(v * v for v in x))
    return [v / length for v in x]
known = [unit(x) for x in rows("known.npy")]
for row, x in zip(table("a.tsv"), rows("f.npy")):
    u = unit(x)
    distances = sorted(math.dist(u, v) for v in known)
    close(distances[2], float(row["knn_distance"]), 1e-6)
PY
    predict -m model.safetensors --open-set knn:reference=known.npy,k=1 known.tsv |
        awk -F'\t' 'NR > 1 && $NF > 1e-6 {exit 1}'
    run -2 --separate-stderr predict -m model.safetensors --open-set knn shapes.tsv
    stderr_has "reference=FILE"
    run -1 --separate-stderr predict -m model.safetensors --open-set knn:reference=known.npy shapes.tsv
    stderr_has "36 rows of features are fewer than the k = 50"
    run -1 --separate-stderr predict -m model.safetensors --features input0 --features-out g.npy \
        --open-set knn:reference=known.npy,k=3 shapes.tsv
    stderr_has "rows of 64 numbers, the layer has 3"
    run -2 --separate-stderr predict -m model.safetensors --open-set entropy shapes.tsv
    stderr_has "'entropy' is none of energy"
}

@test "--top-k has a bound" {
    for k in 0 4; do
        run -2 --separate-stderr predict -m model.safetensors -k $k shapes.tsv
        stderr_has "--top-k: $k is outside of 1 to 3, the classes of the model"
    done
}

@test "lists of classes that disagree: --class-list fails, classes.txt of a data set warns" {
    printf 'disc\nsquare\ntriangle\n' > classes
    predict -m model.safetensors --class-list classes shapes.tsv > answers.tsv
    printf 'disc\ntriangle\nsquare\n' > classes
    run -1 --separate-stderr predict -m model.safetensors --class-list classes shapes.tsv
    stderr_has "class 2 of the model is 'square', that of classes 'triangle'"
    printf 'disc\nsquare\n' > classes
    run -1 --separate-stderr predict -m model.safetensors --class-list classes shapes.tsv
    stderr_has "the model has 3 classes, classes 2"
    run -1 --separate-stderr predict -m model.safetensors --class-list none shapes.tsv
    stderr_has "none: is not there"
    cp classes shapes/classes.txt
    mkdir data
    mv shapes/disc shapes/square shapes/classes.txt data
    run -0 --separate-stderr predict -m model.safetensors data
    stderr_has "the model has 3 classes, classes.txt of the data set 2"
    [ "${#lines[@]}" -eq 37 ]
}

@test "--keep-going passes over what cannot be made, names it, writes its row, and ends with 1" {
    echo "no picture" > text.png
    { head -n 5 shapes.tsv; printf 'text.png\tdisc\tx\nnone.png\tdisc\tx\n'; tail -n +6 shapes.tsv; } > bad.tsv
    for input in bad.tsv -; do
        rm -f answers.tsv answers.npy
        run -1 --separate-stderr predict -m model.safetensors -o answers.tsv --features-out answers.npy \
            --keep-going --rejects rejects.tsv --force $input < bad.tsv
        stderr_has "text.png"
        stderr_has "none.png"
        stderr_has "2 of 44 samples passed over"
        cut -f 1-3 answers.tsv | cmp - shapes.tsv
        [ "$(cut -f 1 rejects.tsv)" = $'file_name\ntext.png\nnone.png' ]
        predict -m model.safetensors -o good.tsv --features-out good.npy --force shapes.tsv
        cmp good.npy answers.npy
    done
    run -2 --separate-stderr predict -m model.safetensors --rejects rejects.tsv shapes.tsv
    stderr_has "--rejects: needs --keep-going"
}

@test "--keep-going passes over rows that are no sound recipe" {
    { printf 'file_name\tx\ty\twidth\theight\n'
      for x in 0 20 x 40 -1 60; do printf 'sheet.png\t%s\t0\t20\t20\n' "$x"; done; } > tiles.tsv
    for input in tiles.tsv -; do
        run -1 --separate-stderr predict -m model.safetensors $input < tiles.tsv
        stderr_has ":4: x is 'x', a whole number of 0 or more was expected"
        run -1 --separate-stderr predict -m model.safetensors --keep-going $input < tiles.tsv
        stderr_has ":4: x is 'x', a whole number"
        stderr_has ":6: x is '-1', a whole number"
        stderr_has "2 of 6 samples passed over"
        [ "$(printf '%s\n' "$output" | cut -f 2 | paste -sd ' ')" = "x 0 20 40 60" ]
    done
}
