# The generators of sample data, which every other test relies on.
load helper

make_sheet=$build_root/sample_data/make-sheet
make_shapes=$build_root/sample_data/make-shapes

@test "scratch folder holds a sheet and 42 pictures that shapes.tsv names" {
    [ -s sheet.png ]
    [ "$(wc -l < shapes.tsv)" -eq 43 ]
    tail -n +2 shapes.tsv | cut -f1 | while read -r name; do
        [ -s "$name" ] || fail "$name is missing"
    done
}

@test "the same seed draws the same sheet, another seed another one" {
    "$make_sheet" --columns 3 a.png
    "$make_sheet" --columns 3 b.png
    "$make_sheet" --columns 3 --seed 1 c.png
    same a.png b.png
    run -1 cmp a.png c.png
}

@test "the same seed draws the same shapes" {
    "$make_shapes" again
    same again/shapes.tsv shapes.tsv
    diff -r again/shapes shapes
}

@test "a sheet of no columns is refused" {
    run -2 --separate-stderr "$make_sheet" --columns 0 x.png
    stderr_has "--columns"
    [ ! -e x.png ]
}
