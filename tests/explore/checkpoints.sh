#!/bin/sh
# checkpoints.sh DRIVER SOURCE: executions that go on from the middle of others find everything as it was, and are as many
# whether the program keeps a state where nothing is put back, so that each begins with main, or not. Coverage
# counts what lies before a checkpoint, too.
set -u
driver=$1 source=$2
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
failed=0

for case in MEMORY LIBRARY VARIABLE KERNEL; do
    "$driver" -O1 -fPIC "-DCASE_$case" "$source" -o "$scratch/program" || exit 1
    said=$("$scratch/program" --quiet --json)
    # each of four pairs of loads sees both stores, one or the other, or none; one of two threads has the mutex first
    case $said in
    *'"clean", "executions": 512,'*) ;;
    *) echo "$case: $said"; failed=1 ;;
    esac
done
# 512 complete executions and 256 that end in front of the mutex: eight stores in each
"$driver" -O1 -DCASE_MEMORY "$source" -o "$scratch/program" || exit 1
said=$("$scratch/program" --coverage | grep 'store (relaxed)')
case $said in
*' 6144 '*) ;;
*) echo "coverage: $said"; failed=1 ;;
esac
# as many as with coverage, whose executions all begin with main
"$driver" -O1 -DCASE_WAIT "$source" -o "$scratch/program" || exit 1
said=$("$scratch/program" 2>&1 | grep -o '^[a-z]*: .* blocked')
whole=$("$scratch/program" --coverage 2>&1 | grep -o '^[a-z]*: .* blocked')
case $whole in
"$said") ;;
*) echo "waits: $said; with coverage $whole"; failed=1 ;;
esac
exit $failed
