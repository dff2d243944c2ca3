# train --arch: a network of one's own, from a text to a model that needs nothing else.
load helper

setup() {
    scratch_setup
    cat > own.arch << 'TEXT'
# two layers
stem: conv 8 3x3 stride=2
bn
relu
globalpool
linear classes
TEXT
}

@test "a network of one's own is learned, kept, resumed and used" {
    train -q -o run --arch own.arch --epochs 1 --no-tensorboard shapes.tsv
    mkdir elsewhere
    mv own.arch elsewhere
    run -0 --separate-stderr modelinfo --layers --arch again.arch run
    output_has $'architecture\tarch:own.arch'
    output_has "stem"
    predict -q -m run/model.safetensors shapes.tsv > answers.tsv
    head -1 answers.tsv | grep -qw pred
    train -q -o run --resume --arch elsewhere/own.arch --epochs 2 --no-tensorboard shapes.tsv
    [ "$(tail -n +2 run/history.csv | wc -l)" -eq 2 ]
    # What modelinfo writes is the same network: the same numbers of it.
    train -q -o other --arch again.arch --epochs 1 --no-tensorboard shapes.tsv
    train -q -o first --arch elsewhere/own.arch --epochs 1 --no-tensorboard shapes.tsv
    modelinfo --diff first other
}

@test "--arch takes names too, and finetune takes both" {
    train -q -n --arch mlp:hidden=8,dropout=0.1 shapes.tsv > named
    train -q -n --model mlp:hidden=8,dropout=0.1 shapes.tsv > plain
    diff named plain
    train -q -o run --arch own.arch --epochs 1 --no-tensorboard shapes.tsv
    finetune -q --from run --arch own.arch -o tuned --unfreeze head --epochs 1 --no-tensorboard shapes.tsv
    modelinfo tuned | grep -q 'arch:own.arch'
    sed -i 's/conv 8/conv 16/' own.arch
    run -1 --separate-stderr finetune -q --from run --arch own.arch -n shapes.tsv
    stderr_has "stem.weight"
}

@test "a run does not go on with a text that was changed" {
    train -q -o run --arch own.arch --epochs 1 --no-tensorboard shapes.tsv
    sed -i 's/conv 8/conv 16/' own.arch
    run -2 --separate-stderr train -o run --resume --arch own.arch --epochs 2 shapes.tsv
    stderr_has "the checkpoint has 'arch:own.arch', this run 'arch:own.arch', whose text has changed"
}

@test "what is wrong in a text is said with its line, before a run begins" {
    sed -i 's/^bn/bm/' own.arch
    run -2 --separate-stderr train -o run --arch own.arch shapes.tsv
    stderr_has "own.arch:3: there is no layer 'bm' (nearest: bn)"
    printf 'repeat 2 {\nrelu\n' > open.arch
    run -1 --separate-stderr train -o run --arch open.arch shapes.tsv
    stderr_has "open.arch:1: the block is not closed"
    run -1 --separate-stderr train -o run --arch none.arch shapes.tsv
    stderr_has "none.arch"
    run -2 --separate-stderr train -o run --arch own.arch --model cnn shapes.tsv
    stderr_has "--model and --arch exclude each other"
    [ ! -e run ]
}
