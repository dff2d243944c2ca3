# predict on a pipe: rows are answered as they arrive, in memory that does not grow with them.
load helper

setup() {
    scratch_setup
    train -q -o run --epochs 1 shapes.tsv
    cp run/model.safetensors .
}

# peak COMMAND...: run it; the most memory that it took, in KiB.
peak() {
    python3 - "$@" <<'PY'
import os, subprocess, sys
process = subprocess.Popen(sys.argv[1:], stdin=open(os.environ.get("PEAK_INPUT", "/dev/null")))
_, status, usage = os.wait4(process.pid, 0)
print(usage.ru_maxrss if status == 0 else "failed", file=sys.stderr)
PY
}

@test "a row is answered when it comes, before the next one does" {
    python3 - model.safetensors <<'PY'
import os, select, subprocess, sys
lines = open("shapes.tsv", "rb").read().splitlines(True)
process = subprocess.Popen(["predict", "-m", sys.argv[1], "-"], stdin=subprocess.PIPE,
                           stdout=subprocess.PIPE, bufsize=0)
def answer():
    ready, _, _ = select.select([process.stdout], [], [], 60)
    assert ready, "no answer within a minute"
    return process.stdout.read(1 << 16)
process.stdin.write(lines[0])
got = b""
for i, line in enumerate(lines[1:6]):
    half = len(line) // 2
    process.stdin.write(line[:half])
    process.stdin.write(line[half:])
    while got.count(b"\n") < i + 2:
        got += answer()
    assert got.splitlines()[-1].startswith(line.rstrip(b"\n") + b"\t"), got
process.stdin.write(lines[6].rstrip(b"\n"))  # a last line without its end
process.stdin.close()
got += process.stdout.read()
assert process.wait() == 0 and got.count(b"\n") == 7, got
PY
}

@test "what arrives in pieces, at once, or from a file has the same answers, bit for bit" {
    for options in "" "-b 5" "--tta flips -p" "--split test"; do
        awk -F'\t' -v OFS='\t' '{print $0, NR == 1 ? "split" : NR % 2 ? "test" : "train"}' shapes.tsv > s.tsv
        # shellcheck disable=SC2086  # options
        {
            predict -m model.safetensors $options s.tsv > file.tsv
            predict -m model.safetensors $options - < s.tsv > redirected.tsv
            while IFS= read -r line; do printf '%s\n' "$line"; sleep 0.003; done < s.tsv |
                predict -m model.safetensors $options > pieces.tsv
        }
        same file.tsv redirected.tsv
        same file.tsv pieces.tsv
    done
}

@test "a sample has the same answer wherever it stands in a batch" {
    { head -n 1 shapes.tsv; sed 1d shapes.tsv | tac; } > reversed.tsv
    for batch in 1 2 3 5 7 11; do
        predict -b $batch -m model.safetensors -p shapes.tsv | sort > whole.tsv
        predict -b $batch -m model.safetensors -p reversed.tsv | sort | cmp - whole.tsv
        predict -j 1 -b $batch -m model.safetensors -p reversed.tsv | sort | cmp - whole.tsv
    done
}

@test "bad rows of a pipe are named by their line" {
    for bad in 30 43; do
        awk -v bad=$bad '{print $0 (NR == bad ? "\textra" : "")}' shapes.tsv > bad.tsv
        run -1 --separate-stderr predict -m model.safetensors -o answers.tsv < bad.tsv
        stderr_has "standard input:$bad: 4 fields, the header has 3"
        [ ! -e answers.tsv ]
    done
    sed '20s/.*/none.png\tdisc\tx/' shapes.tsv > bad.tsv
    run -1 --separate-stderr predict -m model.safetensors -o answers.tsv < bad.tsv
    stderr_has "standard input:20: none.png"
    run -1 --separate-stderr predict -m model.safetensors < /dev/null
    stderr_has "standard input:1: empty"
    run -1 --separate-stderr predict -m model.safetensors --split tset < shapes.tsv
    stderr_has "standard input: no row has split 'tset'"
    head -n 1 shapes.tsv | predict -m model.safetensors > answers.tsv
    [ "$(cat answers.tsv)" = "$(head -n 1 shapes.tsv)"$'\tpred\tscore' ]
}

@test "mixtures name rows that come before: such a table is read whole" {
    smote -q shapes.tsv > mixed.tsv
    predict -m model.safetensors mixed.tsv > file.tsv
    predict -m model.safetensors < mixed.tsv > pipe.tsv
    same file.tsv pipe.tsv
}

@test "a reader that goes away ends predict" {
    yes "$(sed -n 2p shapes.tsv)" | { head -n 1 shapes.tsv; head -n 100000; } |
        predict -m model.safetensors 2> message | head -n 3 > answers.tsv
    [ "$(wc -l < answers.tsv)" -eq 3 ]
}

@test "memory does not grow with the rows" {
    { head -n 1 shapes.tsv; for _ in 1 2; do tail -n +2 shapes.tsv; done; } > few.tsv
    { head -n 1 shapes.tsv; for _ in {1..60}; do tail -n +2 shapes.tsv; done; } |
        awk -v OFS='\t' '{s = sprintf("%2000s", NR); gsub(" ", "x", s); print $0, NR == 1 ? "note" : s}' > many.tsv
    PEAK_INPUT=few.tsv peak predict -q -m model.safetensors -j 1 -o few-answers.tsv - 2> few
    PEAK_INPUT=many.tsv peak predict -q -m model.safetensors -j 1 -o many-answers.tsv -b 1 - 2> many
    [ "$(wc -l < many-answers.tsv)" -eq 2521 ]
    echo "$(cat few) and $(cat many) KiB"
    is_sanitized || (($(cat many) < $(cat few) + 2000)) # the table has 5 MB
}

# An uncompressed TIFF of SIDE x SIDE, 8 bits, all holes: it takes no room on the disk. In tiles of
# 256, or in strips.
big_tiff() {
    python3 - "$@" <<'PY'
import struct, sys
side, tiled = int(sys.argv[1]), sys.argv[2] == "tiles"
across = -(-side // 256)
sizes = [256 * 256] * across ** 2 if tiled else [side * 16] * (side // 16)
entries = [(256, side), (257, side), (258, 8), (259, 1), (262, 1), (277, 1)]
entries += [(322, 256), (323, 256), (324, None), (325, None)] if tiled else [
    (273, None), (278, 16), (279, None)]
entries.sort()
lists = 8 + 2 + len(entries) * 12 + 4
with open("big.tif", "wb") as file:
    file.write(b"II*\0" + struct.pack("<IH", 8, len(entries)))
    for tag, value in entries:
        is_list = value is None
        place = lists if tag in (273, 324) else lists + 4 * len(sizes)
        file.write(struct.pack("<HHII", tag, 4, len(sizes) if is_list else 1,
                               place if is_list else value))
    file.write(struct.pack("<I", 0))
    at = lists + 8 * len(sizes)
    for size in sizes:
        file.write(struct.pack("<I", at))
        at += size
    for size in sizes:
        file.write(struct.pack("<I", size))
    file.truncate(at)
PY
}

@test "tile --virtual, predict and untile --heatmap work on an image larger than their memory" {
    local side=16000 # 256 MB of pixels; libvips 8.16 takes 100 to 150 of any picture
    ! is_sanitized || side=4000
    big_tiff $side tiles
    peak tile -s 500 --virtual big.tif > tiles.tsv 2> tile.kb
    PEAK_INPUT=tiles.tsv peak predict -q -j 2 --mem 64M -m model.safetensors -p - > answers.tsv 2> predict.kb
    [ "$(wc -l < answers.tsv)" -eq $(((side / 500) ** 2 + 1)) ]
    PEAK_INPUT=answers.tsv peak untile -q -j 2 --heatmap disc --thumbnail 200 -o heat.png - 2> untile.kb
    echo "tile $(cat tile.kb), predict $(cat predict.kb), untile $(cat untile.kb) KiB"
    tile -s 500 --virtual big.tif | predict -q --mem 64M -m model.safetensors -p - |
        untile -q --heatmap disc --thumbnail 200 -o again.png
    same heat.png again.png
    is_sanitized || for tool in tile predict untile; do
        (($(cat $tool.kb) < 200000)) || fail "$tool: $(cat $tool.kb) KiB"
    done
}

@test "an image that cannot be decoded in parts stays out of memory with --mem and one thread" {
    big_tiff 8000 strips # 64 MB of pixels
    tile -s 500 --virtual big.tif > tiles.tsv
    PEAK_INPUT=tiles.tsv peak predict -q -j 1 -m model.safetensors - > all.tsv 2> all
    PEAK_INPUT=tiles.tsv peak predict -q -j 1 --mem 32M -m model.safetensors - > few.tsv 2> few
    same all.tsv few.tsv
    echo "$(cat all) and $(cat few) KiB"
    is_sanitized || (($(cat few) < $(cat all) - 40000))
}
