# The two set-up commands where they may not install: they say what to do, and touch nothing.
load helper

# A copy of the scripts, and a PATH on which packages seem to be missing and every attempt to
# install leaves a trace.
setup() {
    scratch_setup
    mkdir -p copy/tests fake
    cp -r "$source_root/pipelines" copy
    cp "$source_root/tests/run" copy/tests
    for program in apt-get sudo meson ninja make update-alternatives; do
        printf '#!/bin/sh\necho "%s $*" >> "%s/trace"\n' "$program" "$scratch" > "fake/$program"
    done
    rm fake/sudo
    printf '#!/bin/sh\nexit 1\n' > fake/dpkg-query
    printf '#!/bin/sh\necho 1000\n' > fake/id
    chmod +x fake/*
    for program in bash dirname readlink sed basename env; do
        ln -s "$(command -v "$program")" fake/
    done
}

refuses() {
    run -1 --separate-stderr env PATH="$scratch/fake" bash "$@"
    [ -z "$output" ] || fail "$output"
    stderr_has "apt-get install --no-install-recommends gcc libc6-dev make meson"
    stderr_has "dnf install gcc"
    stderr_has "brew install meson"
    [ ! -e trace ] || fail "touched: $(cat trace)"
    [ ! -e copy/build ]
}

@test "quickstart without the rights to install prints the lines and stops" {
    refuses copy/pipelines/quickstart
}

@test "tests/run without the rights to install prints the lines and stops" {
    refuses copy/tests/run
    stderr_has " bats "
}

@test "a system that is not Debian gets the lines, too, and what was not found" {
    rm fake/dpkg-query fake/apt-get
    refuses copy/pipelines/quickstart
    stderr_has "not found: protoc-c"
}

@test "unknown arguments are wrong usage, --help is not" {
    for script in pipelines/quickstart tests/run sample_data/get-digits; do
        run -2 --separate-stderr "$source_root/$script" --no-such-option
        stderr_has "--no-such-option"
        run -0 "$source_root/$script" --help
        output_has "Usage: $script"
    done
}
