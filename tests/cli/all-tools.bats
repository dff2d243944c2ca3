# Manners that every tool of the build must have. A new tool needs a line
# in with_missing_file and in with_data below, or this file fails.
load helper

tools=$TESSERA_TOOLS

# with_missing_file TOOL: its arguments with an input that does not exist, gone.*; none if it reads
# no file.
with_missing_file() {
    case $1 in
        tile) echo "--virtual gone.png" ;;
        augment) echo "--ops hflip --virtual gone.tsv" ;;
        classstats | datacheck | datasplit | rebalance | smote | evaluate | texture) echo "gone.tsv" ;;
        lrfind) echo "gone.tsv" ;;
        train) echo "-o run gone.tsv" ;;
        finetune) echo "--from gone.safetensors -o run shapes.tsv" ;;
        predict) echo "-m gone.safetensors shapes.tsv" ;;
        modelinfo) echo "gone.safetensors" ;;
        untile) echo "-o image.png gone.tsv" ;;
        dataconv) echo "--to manifest -o - gone.tsv" ;;
        tessera) ;;
        *) fail "all-tools.bats has no line for $1" ;;
    esac
}

# with_data TOOL: its arguments such that it writes data to standard output; --help if it has none.
with_data() {
    case $1 in
        tile) echo "--virtual -s 20 sheet.png" ;;
        augment) echo "--ops hflip --virtual shapes.tsv" ;;
        classstats | datacheck | datasplit | rebalance | smote | texture) echo "shapes.tsv" ;;
        evaluate) echo "--pred label shapes.tsv" ;;
        lrfind) echo "--steps 6 shapes.tsv" ;;
        predict) echo "-m run/model.safetensors shapes.tsv" ;;
        modelinfo) echo "run" ;;
        finetune | train | untile) echo "--help" ;;
        dataconv) echo "--to manifest -o - shapes.tsv" ;;
        tessera) ;;
        *) fail "all-tools.bats has no line for $1" ;;
    esac
}

prepare_data() {
    if [[ " $tools " == *" predict "* && " $tools " == *" train "* ]]; then
        train -q --epochs 1 -o run shapes.tsv
    fi
}

@test "--help prints usage and ends with 0, its options each on a line" {
    for tool in $tools; do
        run -0 --separate-stderr "$tool" --help
        output_has "Usage:"
        output_has "  $tool "
        output_has "--version"
        output_has "Examples:"
        [ -z "$stderr" ] || fail "$tool --help speaks on stderr: $stderr"
    done
}

@test "--help to a full disk ends with 1 and says so" {
    for tool in $tools; do
        status=0
        "$tool" --help > /dev/full 2> message || status=$?
        [ "$status" -eq 1 ] || fail "$tool: status $status"
        grep -q "standard output: cannot be written" message || fail "$tool: $(cat message)"
    done
}

@test "--version names the tool and the version" {
    for tool in $tools; do
        run -0 --separate-stderr "$tool" --version
        [[ $output =~ ^$tool\ \(tessera\)\ [0-9]+\.[0-9]+\.[0-9]+$ ]] || fail "$tool: $output"
    done
}

@test "an unknown option ends with 2, is named, and prints nothing on stdout" {
    for tool in $tools; do
        run -2 --separate-stderr "$tool" --no-such-option
        [ -z "$output" ] || fail "$tool: $output"
        stderr_has "--no-such-option"
        stderr_has "$tool"
    done
}

@test "a misspelt option is named with the nearest" {
    for tool in $tools; do
        run -2 --separate-stderr "$tool" --versoin
        stderr_has "--versoin (nearest: --version)"
        run -2 --separate-stderr "$tool" --zzzzzzzzzz=--version
        [[ $stderr != *nearest* ]] || fail "$tool: $stderr"
    done
    run -2 --separate-stderr tile --sizes=64 sheet.png
    stderr_has "--sizes=64 (nearest: --size)"
    run -2 --separate-stderr train --early-stoping 3 -o run shapes.tsv
    stderr_has "--early-stoping (nearest: --early-stopping)"
}

@test "an argument too many is named" {
    run -2 --separate-stderr predict model.safetensors shapes.tsv
    stderr_has "too many arguments: 'shapes.tsv', [DATASET] was expected"
}

@test "an output that is there already is refused before the input is read" {
    touch out.tsv
    for tool in datasplit smote rebalance texture datacheck; do
        run -1 --separate-stderr "$tool" -o out.tsv nothing.tsv
        stderr_has "out.tsv: exists already; --force replaces it"
    done
    run -1 --separate-stderr datasplit --residuals out.tsv nothing.tsv
    stderr_has "out.tsv: exists already"
    run -1 --separate-stderr lrfind --plot out.tsv nothing.tsv
    stderr_has "out.tsv: exists already"
    [ ! -s out.tsv ]
}

@test "a missing file ends with 1 and is named" {
    for tool in $tools; do
        arguments=$(with_missing_file "$tool")
        [ -n "$arguments" ] || continue
        # shellcheck disable=SC2086  # words
        run -1 --separate-stderr "$tool" $arguments
        [ -z "$output" ] || fail "$tool: $output"
        stderr_has "$tool: "
        stderr_has "gone."
        stderr_has "No such file"
    done
    [ ! -e run ] || [ -z "$(ls -A run)" ] || fail "train left $(ls -A run)"
}

@test "data to a full disk ends with 1" {
    prepare_data
    for tool in $tools; do
        status=0
        # shellcheck disable=SC2046  # words
        "$tool" $(with_data "$tool") > /dev/full 2> message || status=$?
        [ "$status" -eq 1 ] || fail "$tool: status $status"
        grep -q "standard output: cannot be written" message || fail "$tool: $(cat message)"
    done
}

@test "data to a closed stdout ends with 1, and not in another file" {
    prepare_data
    for tool in $tools; do
        status=0
        # shellcheck disable=SC2046  # words
        "$tool" $(with_data "$tool") >&- 2> message || status=$?
        [ "$status" -eq 1 ] || fail "$tool: status $status: $(cat message)"
        grep -q "standard output" message || fail "$tool: $(cat message)"
    done
}

@test "tools take -- as the end of the options" {
    for tool in $tools; do
        case $tool in classstats | datasplit | rebalance | smote | evaluate | texture) ;; *) continue ;; esac
        run -1 --separate-stderr "$tool" -- --gone.tsv
        stderr_has "--gone.tsv"
    done
}

@test "without arguments: usage for those that need one, a list from tessera" {
    for tool in $tools; do
        case $tool in
            tessera) run -0 tessera ;;
            tile | augment | finetune | train | predict | modelinfo | untile | dataconv)
                run -2 --separate-stderr "$tool"
                [ -z "$output" ]
                stderr_has "try '$tool --help'"
                ;;
            *) # read a manifest from standard input, and say what an empty one lacks
                run -1 --separate-stderr "$tool" < /dev/null
                [ -z "$output" ]
                stderr_has "standard input"
                ;;
        esac
    done
}

@test "a signal ends a tool that waits for a pipe" {
    local status=0
    mkfifo pipe
    for arguments in "classstats -" "tile -s 20 --virtual --annotations pipe sheet.png"; do
        # shellcheck disable=SC2086,SC2094  # words; the shell holds both ends of the pipe
        timeout --preserve-status --signal=TERM --kill-after=20 1 $arguments 3<> pipe < pipe || status=$?
        [ "$status" -eq 143 ] || fail "$arguments: $status"
    done
}
