#!/bin/sh
# c11threads.sh DRIVER SOURCE: C11's threads are explored as pthread's are, and a race in them is seen where it is.
set -u
driver=$1 source=$2
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
failed=0

explore() { # explore FLAG...: status and what was said
    "$driver" -O1 "$@" "$source" -o "$scratch/program" || exit 1
    said=$("$scratch/program" --json --quiet 2>&1)
    status=$?
    executions=$(echo "$said" | sed -n 's/.*"executions": \([0-9]*\).*/\1/p')
}

explore -DPTHREAD
[ $status -eq 0 ] || { echo "pthread's: status $status: $said"; failed=1; }
wanted=$executions
explore
[ $status -eq 0 ] && [ "$executions" = "$wanted" ] && [ "$executions" -gt 1 ] ||
    { echo "C11's: status $status, not $wanted executions: $said"; failed=1; }
explore -DBUGGY
[ $status -eq 1 ] && echo "$said" | grep -q '"bug": "race: data race.* at count_up, c11threads.c\|"bug": "race: data race.* at main, c11threads.c' ||
    { echo "C11's, with a race: status $status: $said"; failed=1; }
exit $failed
