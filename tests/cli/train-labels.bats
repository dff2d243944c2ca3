# train --multi-label and predict of its models: rows with several labels each, or none.
load helper

# sets.tsv: 160 pictures of 16 x 16 pixels that are bright above (top), on the left (left), in the middle
# (spot), any of it or none; every fourth row is of split val.
setup() {
    scratch_setup
    python3 - <<'PY'
import random
random.seed(3)
with open("sets.tsv", "w") as table:
    table.write("file_name\tlabel\tsplit\n")
    for i in range(160):
        names = [name for name, share in (("left", .5), ("spot", .3), ("top", .4)) if random.random() < share]
        pixels = bytearray()
        for y in range(16):
            for x in range(16):
                v = random.randrange(60)
                v += 60 * ("top" in names and y < 6) + 60 * ("left" in names and x < 6)
                v += 60 * ("spot" in names and 6 <= x < 12 and 6 <= y < 12)
                pixels.append(v)
        header = b"{'descr': '|u1', 'fortran_order': False, 'shape': (16, 16, 1), }".ljust(117) + b"\n"
        with open(f"{i}.npy", "wb") as picture:
            picture.write(b"\x93NUMPY\x01\0\x76\0" + header + bytes(pixels))
        table.write(f"{i}.npy\t{';'.join(names)}\t{'val' if i % 4 == 3 else 'train'}\n")
PY
}

@test "label sets are learned, judged, kept by a monitor of theirs, and predicted" {
    train -q --multi-label -o run --epochs 12 --lr 0.1 -b 16 --monitor val_map sets.tsv
    [ "$(head -n 1 run/history.csv)" = epoch,loss,accuracy,learning_rate,val_loss,val_accuracy,val_macro_f1,val_micro_f1,val_map ]
    tail -n 1 run/history.csv | awk -F, '{exit !($6 > 0.8 && $7 > 0.8 && $8 > 0.8 && $9 > 0.9)}' ||
        fail "$(cat run/history.csv)"
    modelinfo run/model.safetensors | grep -q $'^multi_label\ttrue$'
    predict -m run/model.safetensors -p --open-set energy --split val sets.tsv > answers.tsv
    [ "$(head -n 1 answers.tsv)" = $'file_name\tlabel\tsplit\tpred\tscore\tp_left\tp_spot\tp_top\tenergy' ]
    python3 - <<'PY'
import math
lines = [line.rstrip("\n").split("\t") for line in open("answers.tsv")]
right = 0
for row in (dict(zip(lines[0], line)) for line in lines[1:]):
    p = {name: float(row["p_" + name]) for name in ("left", "spot", "top")}
    assert row["pred"] == ";".join(name for name in p if p[name] >= .5), row
    assert float(row["score"]) == max(p.values())
    assert abs(float(row["energy"]) - sum(math.log(1 - v) for v in p.values())) < 1e-3, row
    right += row["pred"] == row["label"]
assert right > 28, right
PY
}

@test "thresholds: a number for all, or a table" {
    train -q --multi-label -o run --epochs 1 -b 16 sets.tsv
    predict -m run/model.safetensors -p --threshold 0 sets.tsv | cut -f 4 | tail -n +2 | sort -u > all
    [ "$(cat all)" = "left;spot;top" ]
    predict -m run/model.safetensors -p --threshold 1 sets.tsv | cut -f 4 | tail -n +2 | sort -u > none
    [ "$(cat none)" = "" ]
    printf 'class\tthreshold\nspot\t0\ntop\t1\nleft\t1\nother\t0.5\n' > thresholds.tsv
    predict -m run/model.safetensors -p --threshold thresholds.tsv sets.tsv | cut -f 4 | tail -n +2 | sort -u > some
    [ "$(cat some)" = "spot" ]
    sed -i '/^top/d' thresholds.tsv
    run -1 --separate-stderr predict -m run/model.safetensors --threshold thresholds.tsv sets.tsv
    stderr_has "thresholds.tsv: there is no threshold of class 'top'"
    run -2 --separate-stderr predict -m run/model.safetensors --threshold 2 sets.tsv
    stderr_has "--threshold"
    run -2 --separate-stderr predict -m run/model.safetensors -k 2 sets.tsv
    stderr_has "--top-k: the model answers with label sets"
    train -q -o single --epochs 1 shapes.tsv
    run -2 --separate-stderr predict -m single/model.safetensors --threshold 0.5 shapes.tsv
    stderr_has "the model answers with one class"
}

@test "--dump shows the targets of a step, empty sets too; class order is that of the names" {
    train -q --multi-label --overfit-batches 1 -b 12 --dump step sets.tsv
    [ ! -e step/labels.npy ]
    python3 - <<'PY'
import json, struct
data = open("step/targets.npy", "rb").read()
numbers = struct.unpack("<36f", data[-144:])
rows = [line.split("\t")[1].split(";") for line in open("sets.tsv") if line.endswith("train\n")][:12]
assert list(numbers) == [float(name in row) for row in rows for name in ("left", "spot", "top")]
assert [""] in rows
assert json.load(open("step/step.json"))["classes"] == ["left", "spot", "top"]
PY
    mkdir data
    cp sets.tsv data/manifest.tsv
    printf 'top\nleft\nspot\nnone\n' > data/classes.txt
    train -q --multi-label --overfit-batches 1 -b 12 --dump other --root . data
    grep -q '"top", *"left", *"spot", *"none"' <(tr -d '\n' < other/step.json | tr -s ' ')
}

@test "mixup mixes targets as it mixes pictures, weights of rows with them" {
    awk -F'\t' -v OFS='\t' '{print $0, NR == 1 ? "weight" : 1 + NR % 3}' sets.tsv > weighted.tsv
    train -q --multi-label --mix mixup:alpha=1 -b 8 --dump step weighted.tsv
    train -q --multi-label -b 8 --dump plain weighted.tsv
    python3 - <<'PY'
import struct
def load(path, n):
    return struct.unpack(f"<{n}f", open(path, "rb").read()[-4 * n:])
a, b = load("plain/targets.npy", 24), load("step/targets.npy", 24)
w, v = load("plain/sample_weights.npy", 8), load("step/sample_weights.npy", 8)
x, y = load("plain/input.npy", 8 * 256), load("step/input.npy", 8 * 256)
rows = lambda t, n: [t[i * n:][:n] for i in range(8)]
a, b, x, y = rows(a, 3), rows(b, 3), rows(x, 256), rows(y, 256)
shares = [(q - s) / (p - s) for p, q, s in zip(x[0], y[0], x[7]) if abs(p - s) > .05]
share = sum(shares) / len(shares)
assert 0 < share < 1 and max(shares) - min(shares) < 1e-3
for i in range(8):
    j = 7 - i
    total = share * w[i] + (1 - share) * w[j]
    assert abs(v[i] - total) < 1e-4, (v, w, share)
    for p, q, r in zip(a[i], a[j], b[i]):
        assert abs((share * w[i] * p + (1 - share) * w[j] * q) / total - r) < 1e-4
PY
    train -q --multi-label --mix cutmix -o run --epochs 1 -b 16 weighted.tsv
    run -2 --separate-stderr train -q --multi-label --mix remix -o other sets.tsv
    stderr_has "remix is of one label a row"
}

@test "samplers: the rarest label of a set decides, the largest factor of its labels repeats it" {
    {
        printf 'file_name\tlabel\n'
        for i in {0..59}; do printf '%s.npy\tleft\n' "$i"; done
        printf '60.npy\tleft;top\n61.npy\t\n'
    } > few.tsv
    train -q --multi-label --sampler class-balanced -b 62 --dump step few.tsv
    python3 - <<'PY'
import struct
rows = struct.unpack("<62q", open("step/rows.npy", "rb").read()[-62 * 8:])
assert 8 < rows.count(60) < 35 and 8 < rows.count(61) < 35, rows # 62 / 3 are expected of each
PY
    { head -n 7 few.tsv; tail -n 2 few.tsv; } > fewer.tsv
    train --dry-run --multi-label --sampler repeat-factor:t=0.5 -b 1 --format tsv fewer.tsv > plan
    # Of 8 rows, left: share 7/8, once; top: 1/8, so twice; the empty set once.
    grep -q $'^iterations_per_epoch\t9$' plan || fail "$(cat plan)"
    train --dry-run --multi-label --sampler repeat-factor:t=0.001 -b 1 --format tsv fewer.tsv > plan
    grep -q $'^iterations_per_epoch\t8$' plan || fail "$(cat plan)"
}

@test "what does not go with label sets is refused" {
    for loss in cross-entropy focal ldam; do
        run -2 --separate-stderr train --multi-label --loss $loss -o run sets.tsv
        stderr_has "--loss $loss is of one label a row; label sets are learned with bce"
    done
    run -1 --separate-stderr train -o run sets.tsv
    stderr_has "label"
    sed 's/\t\t/\t\\N\t/' sets.tsv > unlabelled.tsv
    run -1 --separate-stderr train -o run unlabelled.tsv
    stderr_has "is a set of labels"
    stderr_has "--multi-label --loss bce"
    run -0 --separate-stderr train --multi-label -o run --epochs 1 unlabelled.tsv
    stderr_has "rows of train have no label and are left out"
    mkdir data
    cp sets.tsv data/manifest.tsv
    printf 'left\ntop\n' > data/classes.txt
    run -1 --separate-stderr train --multi-label -o other --root . data
    stderr_has "label 'spot' is not in classes.txt"
    sed '9s/\t[^\t]*\t/\tleft;;top\t/' sets.tsv > bad.tsv
    run -1 --separate-stderr train --multi-label -o other bad.tsv
    stderr_has "bad.tsv:9: empty name in label"
    run -2 --separate-stderr train --pos-weights positive -o other shapes.tsv
    stderr_has "--pos-weights: needs --multi-label"
    run -2 --separate-stderr train --multi-label --pos-weights log -o other sets.tsv
    stderr_has "'log' is not none, positive or a table"
    run -2 --separate-stderr train --multi-label --monitor val_balanced_accuracy -o other sets.tsv
    stderr_has "val_macro_f1, val_micro_f1 or val_map"
    [ ! -e other ]
}

@test "a run of label sets resumes bit for bit" {
    how=(-q --multi-label --epochs 3 -b 16 --mix mixup --augment hflip --sampler class-balanced
         --pos-weights positive --loss bce:smoothing=0.1)
    train "${how[@]}" -o whole sets.tsv
    run -3 train "${how[@]}" --callback time-limit:0.05s -o part sets.tsv
    train "${how[@]}" --resume -o part sets.tsv
    same whole/model.safetensors part/model.safetensors
    same whole/history.csv part/history.csv
}
