#!/usr/bin/env bats
# Memory: --mem, feature tables larger than it and the same bytes whatever it is; a million rows.

load helper

# arrays ROWS COLUMNS: x.npy of floats, its 8 first columns within a class apart, and y.npy.
arrays() {
    python3 - "$@" <<'PY'
import array, random, struct, sys
n, d = map(int, sys.argv[1:])
random.seed(1)
def write(name, descr, shape, blocks):
    header = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}"
    header += " " * (117 - len(header)) + "\n"
    with open(name, "wb") as file:
        file.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode())
        for block in blocks:
            file.write(block.tobytes())
labels = [int(i % 5 == 0) for i in range(n)]
noise = array.array("f", (random.random() for _ in range(4 * d)))
def row(i):
    values = noise[i * 7 % (3 * d):][:d]
    for j in range(8):
        values[j] += 4 * random.random() + labels[i]
    return values
write("x.npy", "<f4", (n, d), (row(i) for i in range(n)))
write("y.npy", "<i8", f"({n},)", [array.array("q", labels)])
PY
}

# peak COMMAND...: run it; the most memory that it took, in KiB.
peak() {
    python3 - "$@" <<'PY'
import os, subprocess, sys
process = subprocess.Popen(sys.argv[1:])
_, status, usage = os.wait4(process.pid, 0)
print(usage.ru_maxrss if status == 0 else "failed")
PY
}

# An array of 32 MB.
@test "--mem 4M takes less memory than the table has, and gives the same bytes" {
    arrays 800 10000
    for tool in "rebalance -m enn" "smote -K borderline-1"; do
        # shellcheck disable=SC2086  # a command with its options
        {
            all=$(peak $tool -q -j 2 --labels y.npy -o all.npy --labels-out all-y.npy x.npy)
            few=$(peak $tool -q -j 1 --mem 4M --labels y.npy -o few.npy --labels-out few-y.npy x.npy)
        }
        same all.npy few.npy
        same all-y.npy few-y.npy
        rm all*.npy few*.npy
        echo "$tool: $all and $few KiB"
        ! is_sanitized || continue
        ((all > 31250 + 31250)) # the table and panels
        ((few < 31250 + 16000)) # the program itself and its libraries take 20 MB
        ((few < all - 31250))
    done
}

@test "features of pictures and columns lie in a temporary file where --mem is small" {
    smote -q shapes.tsv --space pixels >all.tsv
    smote -q shapes.tsv --space pixels --mem 64K -j 1 >few.tsv
    same all.tsv few.tsv
    smote -q shapes.tsv --space pca:3 --mem 64K >few.tsv
    smote -q shapes.tsv --space pca:3 >all.tsv
    same all.tsv few.tsv
    TMPDIR=$PWD/none run -1 --separate-stderr smote -q shapes.tsv --space pixels --mem 64K
    stderr_has "none: no temporary file can be made there (TMPDIR)"
    [ -z "$output" ]
}

@test "--mem is an amount of memory" {
    for size in 0 -1 12Q M 1e400 "" 5MB 9999999T; do
        run -2 --separate-stderr smote --mem "$size" shapes.tsv
        stderr_has "--mem: '$size' is not an amount of memory such as 512M or 2G"
    done
    run -0 smote -q -n --mem 1.5g shapes.tsv
}

# rows N: a table without pictures, 100 classes, a group of every hundred rows.
rows() {
    awk -v n="$1" 'BEGIN {
        print "file_name\tlabel\tgroup"
        for (i = 0; i < n; i++) printf "t/%07d.png\tclass%02d\tg%d\n", i, i * i % 101 % 100, i / 100
    }' >"rows-$1.tsv"
}

# The table itself is 29 to 30 bytes a row. None of the pictures is there to be opened.
@test "memory is proportional to rows: classstats, datasplit and rebalance" {
    ! is_sanitized || skip "measures memory"
    rows 100000
    rows 1000000
    while IFS='|' read -r command bound; do
        # shellcheck disable=SC2086  # a command with its options
        few=$(peak bash -c "exec $command -q rows-100000.tsv >few")
        # shellcheck disable=SC2086
        many=$(peak bash -c "exec $command -q rows-1000000.tsv >many")
        echo "$command: $few and $many KiB, $(((many - few) * 1024 / 900000)) bytes a row"
        ((few < 20000 + bound * 100000 / 1024))
        (((many - few) * 1024 / 900000 <= bound))
    done <<'END'
classstats|60
datasplit|130
datasplit --no-groups|90
datasplit --hash|80
rebalance|80
rebalance --as repeat|80
rebalance -m under|80
END
}
