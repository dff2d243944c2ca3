# The dispatcher.
load helper

@test "tessera alone lists every tool of the build, and help does the same" {
    run -0 tessera
    for tool in $TESSERA_TOOLS; do
        [ "$tool" = tessera ] || output_has "  $tool "
    done
    same <(tessera) <(tessera help)
}

@test "every tool that is listed is there" {
    tessera | sed -n 's/^  \([a-z]*\) .*/\1/p' | while read -r tool; do
        [ -x "$build_root/bin/$tool" ] || fail "$tool is listed, but not built"
    done
}

@test "tessera TOOL is TOOL: data, messages and status" {
    same <(tessera classstats shapes.tsv) <(classstats shapes.tsv)
    run -1 --separate-stderr tessera classstats gone.tsv
    [ -z "$output" ]
    stderr_has "classstats: "
    run -2 --separate-stderr tessera classstats --no-such-option
}

@test "options behind the name belong to the tool" {
    run -0 tessera tile --version
    [[ $output == "tile (tessera)"* ]]
}

@test "the tool beside it wins over PATH, and without one there PATH serves" {
    mkdir elsewhere
    printf '#!/bin/sh\necho from PATH\n' > elsewhere/tile
    chmod +x elsewhere/tile
    PATH="$PWD/elsewhere:$PATH" run -0 "$build_root/bin/tessera" tile --version
    [[ $output == "tile (tessera)"* ]]
    cp "$build_root/bin/tessera" tessera
    LD_LIBRARY_PATH=$build_root/lib PATH="$PWD/elsewhere:$PATH" run -0 ./tessera tile --version
    [ "$output" = "from PATH" ]
}

@test "a tool that is nowhere to be found: status 1" {
    cp "$build_root/bin/tessera" tessera
    run -1 --separate-stderr env LD_LIBRARY_PATH="$build_root/lib" PATH=/nowhere ./tessera tile
    stderr_has "tile: cannot be run"
}

@test "unknown names end with 2 and point to the list" {
    run -2 --separate-stderr tessera tilt
    [ -z "$output" ]
    stderr_has "'tilt' is not a tool"
    run -2 --separate-stderr tessera help tilt
    stderr_has "'tilt' is not a tool"
}

@test "help TOOL shows --help where no page is installed" {
    same <(tessera help tile) <(tile --help)
}

@test "help TOOL gives an installed page to man" {
    mkdir -p fake/bin fake/share/man/man1
    cp "$build_root/bin/tessera" fake/bin
    cp "$source_root/man/tile.1" fake/share/man/man1
    printf '#!/bin/sh\necho "man shows $1"\n' > fake/bin/man
    chmod +x fake/bin/man
    LD_LIBRARY_PATH=$build_root/lib PATH="$PWD/fake/bin:$PATH" run -0 fake/bin/tessera help tile
    [[ $output == "man shows "*"/share/man/man1/tile.1" ]] || fail "$output"
}
