#!/bin/sh
# complaints.sh DRIVERS: what users of other tools complained of, each a program here: explored to its end it is clean, and
# its twin, with -DBUGGY, has the bug that its head tells of. DRIVERS is the folder of qsc-explore-cc and qsc-explore-c++.
set -u
drivers=$1
here=$(cd "$(dirname "$0")" && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
failed=0

head_field() { sed -n -e '/^#include/q' -e "s/^\(\/\*\| \*\) $2: //p" "$1"; }

explore() { # explore SOURCE FLAG...: status and what was said
    source=$1
    shift
    case $source in *.cc) driver=qsc-explore-c++ ;; *) driver=qsc-explore-cc ;; esac
    "$drivers/$driver" -O1 "$@" "$source" -o "$scratch/program" || exit 1
    said=$("$scratch/program" --json --quiet 2>&1)
    status=$?
}

for source in "$here"/*.c "$here"/*.cc; do
    name=$(basename "$source")
    healthy=$(head_field "$source" healthy) # status and words, where it is not simply clean
    healthy=${healthy:-0 \"verdict\": \"clean\"}
    explore "$source"
    [ "$status" -eq "${healthy%% *}" ] && echo "$said" | grep -q "${healthy#* }" ||
        { echo "$name: status $status: $said"; failed=1; }
    explore "$source" -DBUGGY
    finds=$(head_field "$source" finds)
    [ "$status" -eq 1 ] && [ -n "$finds" ] && echo "$said" | grep -q "\"bug\": \"\($finds\)" ||
        { echo "$name, its twin: status $status: $said"; failed=1; }
done
exit $failed
