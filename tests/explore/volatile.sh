#!/bin/sh
# volatile.sh DRIVER SOURCE: with --volatile a volatile access is a relaxed atomic one; without, a race.
set -u
driver=$1 source=$2
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
failed=0

complain() { echo "$1"; failed=1; }
executions() { echo "$said" | sed -n 's/.*"executions": \([0-9]*\).*/\1/p'; }
explore() { # explore OPTION...: status and what was said
    said=$("$scratch/program" --json --quiet "$@" 2>&1)
    status=$?
}
build() { "$driver" -O1 "$@" "$source" -o "$scratch/program" || exit 1; }

run() { # run CASE WORDS FLAG...: what is said of it without fences
    name=$1 words=$2
    shift 2
    build "-DCASE_$name" "$@"
    explore --volatile
    [ $status -eq 1 ] && echo "$said" | grep -q "\"bug\": \"$words" || complain "$name: not '$words': $said"
    replay=$(echo "$said" | sed -n 's/.*"replay": "\([^"]*\)".*/\1/p')
    explore --volatile --replay "$replay"
    [ $status -eq 1 ] || complain "$name, again: $said"
    explore --volatile --random 500
    [ $status -eq 1 ] || complain "$name at random: $said"

    build "-DCASE_$name" "$@" -DFENCES -DATOMIC
    explore
    wanted=$(executions)
    build "-DCASE_$name" "$@" -DFENCES
    explore --volatile
    [ $status -eq 0 ] && [ "$(executions)" = "$wanted" ] || complain "$name with fences: not $wanted executions: $said"
    explore
    [ $status -eq 1 ] && echo "$said" | grep -q '"bug": "race: data race' || complain "$name without --volatile: $said"
}

run MESSAGE 'assertion: assert(READ_ONCE(content) == 42'
run MESSAGE 'race: data race: read of 4 bytes, .* is relaxed at run, volatile.c' -DPLAIN
run BUFFERING 'assertion: assert(seen_x || seen_y)'
run COUNT 'assertion: assert(READ_ONCE(count) == 3)'
run COHERENCE 'assertion: assert(third == 3)'

build -DCASE_COUNT
"$scratch/program" --volatile | grep -q '^replay: .* --volatile --replay ' || complain '--volatile is missing in the replay line'
exit $failed
