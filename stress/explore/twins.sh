#!/bin/sh
# twins.sh COMPILER LIBRARY LITMUS-BINARIES OBJECT...: the explorer built with each rule of the model broken (twins/*.sed) in
# turn: the litmus table must notice.
set -u
here=$(cd "$(dirname "$0")" && pwd)
compiler=$1 library=$2 binaries=$3
shift 3
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
killed=0 survived=0
for twin in "$here"/twins/*.sed; do
    name=$(basename "$twin" .sed)
    file=$(sed -n 's/^# file: //p' "$twin")
    rm -rf "$scratch"/*
    sh "$here/../plant.sh" "$twin" "$here/$file" "$scratch/$file" &&
        "$compiler" -std=gnu11 -D_GNU_SOURCE -O2 -fPIC -w -I"$here" -c "$scratch/$file" -o "$scratch/planted.o" || exit 1
    objects=$scratch/planted.o
    for object; do
        [ "$(basename "$object")" = "$file.o" ] || objects="$objects $object"
    done
    # shellcheck disable=SC2086
    "$compiler" -fno-lto -shared $objects -o "$scratch/$(basename "$library")" -Wl,-Bsymbolic-functions -pthread || exit 1
    if report=$(LD_LIBRARY_PATH=$scratch sh "$here/litmus/run-litmus.sh" --first "$binaries"); then
        survived=$((survived + 1))
        echo "SURVIVED $name: $(sed -n 's/^# bug: //p' "$twin")"
    else
        killed=$((killed + 1))
        echo "killed $name: $(echo "$report" | grep '^FAIL' | cut -c1-120)"
    fi
done
echo "$killed of $((killed + survived)) twins killed"
[ "$survived" -eq 0 ] && [ "$killed" -gt 0 ]
