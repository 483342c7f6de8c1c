#!/bin/sh
# plant.sh SCRIPT SOURCE COPY: applies a twin's sed script. A script that changes nothing plants no bug: an error.
set -eu
mkdir -p "$(dirname "$3")"
sed -E -f "$1" "$2" >"$3"
if cmp -s "$2" "$3"; then
    rm "$3"
    echo "$1 does not match $2 any more: adapt it, it tests nothing" >&2
    exit 1
fi
