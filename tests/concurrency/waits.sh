#!/bin/sh
# waits.sh SOURCE BUILD: the table of calls that block in docs/toolkit.md has all whose contract in an installed header says
# so, but for those that block briefly, on a lock of the library's own, and all _cancellable forms; what it names is declared.
set -eu
source=$1 build=$2
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# "blocks NAME" or "other NAME" for each function, by the comment above it.
for header in $(sed -n 's|^#include <quiesce/concurrency/\(.*\)>|\1|p' "$build/concurrency/exported.h"); do
    awk '
        /^\/\*/ { comment = ""; inside = 1 }
        inside { comment = comment " " $0; if (/\*\/$/) inside = 0; next }
        /^[a-z_].*[a-z]/ && match($0, /qsc_[a-z0-9_]+\(/) {
            blocks = comment ~ /Block(s|ing)[ .,:;]/ && comment !~ /Blocks[:,] (no|never|briefly|only on)/
            print (blocks ? "blocks" : "other"), substr($0, RSTART, RLENGTH - 1)
            comment = ""
        }' "$source/concurrency/$header"
done >"$scratch/declared"

# The names of the table: those in its cells, and the first cell with the suffixes that stand alone.
awk -F'|' '
    /^\| call that blocks/ { table = 1; next }
    !/^\|/ { table = 0 }
    table {
        for (cell = 2; cell < NF; cell++)
            for (rest = $cell; match(rest, /`[a-z0-9_]+`/); rest = substr(rest, RSTART + RLENGTH)) {
                name = substr(rest, RSTART + 1, RLENGTH - 2)
                if (cell == 2) first = name
                print (name ~ /^_/ ? first name : name)
            }
    }' "$source/docs/toolkit.md" | sort -u >"$scratch/listed"

[ "$(wc -l <"$scratch/listed")" -gt 60 ]
awk '{print $2}' "$scratch/declared" | sort -u | comm -13 - "$scratch/listed" >"$scratch/unknown"
awk '$1 == "blocks" || $2 ~ /_cancellable$/ {print $2}' "$scratch/declared" | sort -u | comm -23 - "$scratch/listed" >"$scratch/missing"
[ ! -s "$scratch/unknown" ] || { echo "docs/toolkit.md names, and no header declares:"; cat "$scratch/unknown"; exit 1; }
[ ! -s "$scratch/missing" ] || { echo "docs/toolkit.md does not list:"; cat "$scratch/missing"; exit 1; }
