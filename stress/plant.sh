#!/bin/sh
# plant.sh SCRIPT SOURCE COPY: applies a twin's sed script. A command of it that changes nothing plants no bug, or half
# of one: an error.
set -eu
mkdir -p "$(dirname "$3")"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cp "$2" "$scratch/before"
grep -v '^#' "$1" | while IFS= read -r command; do
    printf '%s\n' "$command" >>"$scratch/commands"
    sed -E -f "$scratch/commands" "$2" >"$scratch/after" 2>/dev/null || continue # a block that is not closed yet
    if cmp -s "$scratch/before" "$scratch/after"; then
        echo "$1: $command: does not match $2 any more: adapt it, it tests nothing" >&2
        exit 1
    fi
    mv "$scratch/after" "$scratch/before"
done
sed -E -f "$1" "$2" >"$3"
