# shellcheck shell=bash disable=SC2034  # the tables are read through one_line's nameref
# What tessera needs from the system, and how it gets there. Sourced by pipelines/quickstart and
# tests/run:
#
#     packages_need build tests
#
# On Debian and Ubuntu the missing packages are installed (by root, or through sudo); a second call
# finds nothing missing and does nothing. Elsewhere, or without the rights, the install lines are
# printed and the script ends with status 1, and nothing has been touched.

declare -A debian=(
    [build]='gcc libc6-dev make meson ninja-build pkg-config libglib2.0-dev libvips-dev libtiff-dev
             libjpeg-dev libdeflate-dev libopenblas-openmp-dev libgsl-dev libjansson-dev
             libprotobuf-c-dev protobuf-c-compiler libarchive-dev libdnnl-dev libsvm-dev'
    [tests]='check bats mandoc clang-format shellcheck'
    [all]='clang clang-tidy cppcheck libomp-dev python3-venv libvips-tools'
)
declare -A fedora=(
    [build]='gcc make meson ninja-build pkgconf-pkg-config glib2-devel vips-devel libtiff-devel
             libjpeg-turbo-devel libdeflate-devel openblas-devel gsl-devel jansson-devel
             protobuf-c-devel protobuf-c-compiler libarchive-devel onednn-devel libsvm-devel'
    [tests]='check-devel bats mandoc clang-tools-extra ShellCheck'
    [all]='clang compiler-rt cppcheck libomp-devel python3 vips-tools'
)
declare -A homebrew=(
    [build]='meson ninja pkgconf glib vips libtiff jpeg-turbo libdeflate openblas gsl jansson
             protobuf-c libarchive onednn libsvm libomp'
    [tests]='check bats-core mandoc clang-format shellcheck'
    [all]='llvm cppcheck python'
)
# The same needs as programs and pkg-config modules, for systems without dpkg.
declare -A programs=(
    [build]='cc make meson ninja pkg-config protoc-c'
    [tests]='bats mandoc clang-format shellcheck'
    [all]='clang clang-tidy cppcheck python3'
)
declare -A modules=(
    [build]='glib-2.0 vips libtiff-4 libjpeg libdeflate openblas gsl jansson libprotobuf-c
             libarchive'
    [tests]='check'
    [all]=''
)

is_debian() {
    [ -r /etc/debian_version ] && command -v apt-get dpkg-query > /dev/null
}

# one_line TABLE GROUP...: the packages of the groups on one line.
one_line() {
    local -n table=$1
    shift
    local group words=()
    for group; do
        read -r -d '' -a more <<< "${table[$group]}" || true
        words+=("${more[@]}")
    done
    echo "${words[*]}"
}

print_install_lines() {
    echo "Install what is missing, then run this command again:"
    echo "  Debian, Ubuntu: apt-get install --no-install-recommends $(one_line debian "$@")"
    echo "  Fedora:         dnf install $(one_line fedora "$@")"
    echo "  Homebrew:       brew install $(one_line homebrew "$@")"
} >&2

# is_installed PACKAGE: dpkg-query also knows packages that others merely recommend; its status tells.
is_installed() {
    # shellcheck disable=SC2016  # ${Status} is for dpkg-query
    [ "$(dpkg-query -W -f '${Status}' "$1" 2> /dev/null)" = "install ok installed" ]
}

# missing_debian GROUP...: the packages that are not installed.
missing_debian() {
    local package
    for package in $(one_line debian "$@"); do
        is_installed "$package" || echo "$package"
    done
}

# missing_elsewhere GROUP...: the programs and pkg-config modules that are not found.
missing_elsewhere() {
    local name
    for name in $(one_line programs "$@"); do
        command -v "$name" > /dev/null || echo "$name"
    done
    for name in $(one_line modules "$@"); do
        pkg-config --exists "$name" 2> /dev/null || echo "$name"
    done
}

may_install() {
    [ "$(id -u)" -eq 0 ] || command -v sudo > /dev/null
}

as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    else
        sudo "$@"
    fi
}

apt_install() {
    echo "installing: $*" >&2
    as_root apt-get update -q >&2
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@" >&2
}

# The name of the package with clang's run-time libraries (sanitizers, fuzzer) carries its version.
install_clang_runtime() {
    local version runtime
    version=$(clang -dumpversion)
    runtime=libclang-rt-${version%%.*}-dev
    if is_installed "$runtime"; then
        return 0
    elif may_install; then
        apt_install "$runtime"
    else
        echo "Install $runtime, then run this command again" >&2
        return 1
    fi
}

# OpenBLAS has several builds and Debian's alternatives choose one. oneDNN runs on OpenMP; a
# second pool of threads beside it would fight it for the processors.
select_openblas() {
    local folder name link
    for folder in /usr/lib/*/openblas-openmp; do
        for name in libopenblas.so libopenblas.so.0; do
            link=${folder%/*}
            link=$name-${link##*/}
            [ -e "$folder/$name" ] || continue
            [ "$(readlink -f "/etc/alternatives/$link")" = "$(readlink -f "$folder/$name")" ] ||
                ! may_install || as_root update-alternatives --set "$link" "$folder/$name" >&2
        done
    done
}

install_debian() {
    local missing
    missing=$(missing_debian "$@")
    if [ -n "$missing" ] && ! may_install; then
        print_install_lines "$@"
        return 1
    fi
    # shellcheck disable=SC2086  # one word a package
    [ -z "$missing" ] || apt_install $missing
    if [[ " $* " == *" all "* ]]; then
        install_clang_runtime
    fi
    select_openblas
}

# packages_need GROUP...: of build, tests, all. Status 1 if something is missing and cannot be
# installed.
packages_need() {
    if is_debian; then
        install_debian "$@"
    elif [ -n "$(missing_elsewhere "$@")" ]; then
        missing_elsewhere "$@" | sed 's/^/not found: /' >&2
        print_install_lines "$@"
        return 1
    fi
}

# configure FOLDER OPTION...: set a build folder up once; later only options that changed.
configure() {
    local folder=$1
    shift
    if [ ! -e "$folder/build.ninja" ]; then
        meson setup "$folder" "$@" >&2
    elif [[ " $* " == *" -Dtests=true "* && ! -d $folder/tests ]]; then
        meson configure "$folder" "$@" >&2
    fi
}
