# README.md: what a newcomer types first has to run as it stands.
load helper

# The first indented block, with a drawn sheet in the place of the real one and one epoch.
first_block() {
    awk '/^    / { print substr($0, 5); seen = 1; next } seen { exit }' "$source_root/README.md" |
        sed -E 's/--epochs [0-9]+/--epochs 1/'
}

@test "the job of the first screen runs" {
    "$build_root/sample_data/make-sheet" --columns 100 --rows 5 digits.png
    first_block > block.sh
    grep -q 'train' block.sh
    run -0 --separate-stderr bash -euo pipefail block.sh
    output_has $'accuracy\t'
    [ "$(wc -l < split.tsv)" -eq 5001 ]
}

@test "every tool and every room stands in the README" {
    for tool in ${TESSERA_TOOLS:?run by meson test, which sets it}; do
        grep -q "^| \`$tool\` |" "$source_root/README.md" || fail "README.md lacks $tool"
    done
    for room in "$source_root"/lib/*/; do
        grep -q "^| \`lib/$(basename "$room")\` |" "$source_root/README.md" || fail "README.md lacks $room"
    done
}
