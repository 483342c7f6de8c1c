#!/bin/sh
# twins.sh COMPILER BUILD OBJECT...: the explorer built with each of its rules broken (twins/*.sed) in turn: somebody must
# notice: the litmus table, or what a twin's head names (`# noticed-by: faults CASE`, `fuzz` or `checkpoints`).
set -u
here=$(cd "$(dirname "$0")" && pwd)
compiler=$1 build=$2
shift 2
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
killed=0 survived=0

head_of() { sed -n "s/^# $2: //p" "$1"; }

link() { # link LIBRARY OBJECT...
    library=$1
    shift
    "$compiler" -fno-lto -shared "$@" -o "$scratch/$library" -Wl,-Bsymbolic-functions -pthread || exit 1
}

plant() { # plant TWIN OBJECT...: the libraries with the bug; the second without what takes main over
    twin=$1 file=$(head_of "$1" file)
    shift
    sh "$here/../plant.sh" "$twin" "$here/$file" "$scratch/$file" &&
        "$compiler" -std=gnu11 -D_GNU_SOURCE -O2 -fPIC -w -I"$here" -c "$scratch/$file" -o "$scratch/planted.o" || exit 1
    objects=$scratch/planted.o main=
    for object; do
        case $(basename "$object") in
        "$file.o") ;;
        explore.c.o) main=$object ;;
        *) objects="$objects $object" ;;
        esac
    done
    # shellcheck disable=SC2086
    link libqsc-explore.so $objects "$main" && link libexplore-engine-tested.so $objects
}

passes() { # passes CHECK...
    export LD_LIBRARY_PATH="$scratch"
    case $1 in
    litmus) sh "$here/litmus/run-litmus.sh" --first "$build/stress/explore/litmus" ;;
    faults) sh "$here/../../tests/explore/faults/faults.sh" "$build/bin/qsc-explore-cc" "$2" ;;
    fuzz) "$build/bin/fuzz-explore" 3000 ;;
    checkpoints)
        sh "$here/../../tests/explore/checkpoints.sh" "$build/bin/qsc-explore-cc" "$here/../../tests/explore/checkpoints.c" ;;
    esac
}

for twin in "$here"/twins/*.sed; do
    rm -rf "$scratch"/*
    plant "$twin" "$@"
    name=$(basename "$twin" .sed) check=$(head_of "$twin" noticed-by)
    # shellcheck disable=SC2086
    if report=$(passes ${check:-litmus}); then
        survived=$((survived + 1))
        echo "SURVIVED $name: $(head_of "$twin" bug)"
    else
        killed=$((killed + 1))
        echo "killed $name: $(echo "$report" | grep -v '^ok' | head -1 | cut -c1-120)"
    fi
done
echo "$killed of $((killed + survived)) twins killed"
[ "$survived" -eq 0 ] && [ "$killed" -gt 0 ]
