# The installed library: headers, pkg-config file and symbols are enough for a program of one's own.
load helper

# install_tree: what `meson install` would put under /, below $dest; the pkg-config file is told.
install_tree() {
    dest=$scratch/dest
    if is_sanitized; then
        skip "a program without the sanitizer cannot load this library"
    fi
    meson install -C "$build_root" --no-rebuild --quiet --destdir "$dest" --tags devel,runtime
    pc=$(find "$dest" -name tessera.pc)
    prefix=$(sed -n 's/^prefix=//p' "$pc")
    sed -i "s|^prefix=.*|prefix=$dest$prefix|" "$pc"
    export PKG_CONFIG_PATH=${pc%/*} LD_LIBRARY_PATH=${pc%/pkgconfig/*}
}

@test "the example of pipelines/library builds with cc and pkg-config, learns and predicts" {
    install_tree
    run -0 --separate-stderr make -f "$source_root/pipelines/library/Makefile" \
        CFLAGS="-Wall -Wextra -Werror" STEPS=60
    output_has "the first sample has 20 x 20 pixels of 1 bands"
    output_has "step 60: loss"
    right=$(sed -n 's/ of 50 test rows are right//p' <<< "$output")
    [ "$right" -gt 25 ] || fail "$output"
    ldd learn | grep -qF "$dest"
    # What it wrote, the tools read.
    predict -q -m model.safetensors digits.tsv | evaluate --split test --format tsv - |
        awk -F'\t' -v right="$right" '$1 == "accuracy" { exit !(sprintf("%.2f", $2) == sprintf("%.2f", right / 50)) }'
    run -1 --separate-stderr ./learn no-such.tsv 1
    stderr_has "learn: no-such.tsv: "
}

@test "the library shows its own names only" {
    so=$(find "$build_root/lib" -name 'libtessera.so')
    run -0 nm -D --defined-only "$so"
    output_has " ts_manifest_read"
    [ -z "$(awk '$3 !~ /^ts_/ && $2 != "A"' <<< "$output")" ] || fail "$output"
}

@test "a program in C++ may include tessera.h" {
    command -v c++ > /dev/null || skip "there is no C++ compiler"
    install_tree
    printf '#include <tessera.h>\nint main() { return 0; }\n' > x.cc
    # shellcheck disable=SC2046  # words
    c++ -std=c++17 -Wall -Werror -fsyntax-only $(pkg-config --cflags tessera) x.cc
}
