#!/usr/bin/env bash
# No file of the source names a place or an address of the machine that it was written on.
set -euo pipefail
cd "${1:?source folder}"

pattern='/(work|home|root|mnt|media)/[a-z]|/tmp/[a-z]|(^|[^a-z])localhost:[0-9]|deb\.debian\.org'
hits=$(grep -rnIE "$pattern" . --exclude=.git --exclude-dir=.git --exclude-dir='build*' --exclude-dir=cache \
    --exclude-dir=__pycache__ --exclude=words.sh || true)
[ -z "$hits" ] || {
    printf '%s\n' "$hits"
    exit 1
}
