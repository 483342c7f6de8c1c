#!/bin/sh
# exit.sh DRIVER SOURCE: a fault in what runs after main is found, and its healthy twin is clean.
set -u
driver=$1 source=$2
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
failed=0

run() { # run CASE WORDS [EXECUTIONS]: what the report must say; the healthy twin's number
    name=$1 words=$2 executions=${3:-[0-9]*}
    for flags in '-O0' '-O2 -no-pie'; do
        # shellcheck disable=SC2086
        "$driver" -std=c++17 $flags "-DCASE_$name" "$source" -o "$scratch/buggy" &&
            "$driver" -std=c++17 $flags "-DCASE_$name" -DHEALTHY "$source" -o "$scratch/healthy" || exit 1
        said=$("$scratch/buggy" --json --quiet 2>&1)
        [ $? -eq 1 ] && echo "$said" | grep -q "\"bug\": \"\($words\)" || { echo "$name, $flags: not '$words': $said"; failed=1; }
        said=$("$scratch/healthy" --json --quiet 2>&1)
        [ $? -eq 0 ] && echo "$said" | grep -q "\"executions\": $executions," ||
            { echo "$name, $flags, healthy: $said"; failed=1; }
    done
}

run GLOBAL 'race: data race'
run STATIC 'assertion: assert(value == '
run ORDER 'assertion: assert(++step == 2 ' 2
run LEFT 'leak: 4 bytes, allocated at main, ' 1
run DESTRUCTOR 'race: data race: .* at last\(()\)*, exit.cc'
run QUICK 'assertion: assert(!BUGGY)' 2
run THREAD 'race: data race'
run TOGETHER 'assertion: assert(step == 21' 2
run BEFORE_MAIN 'assertion: assert(shared.use_count() == 1' 2
exit $failed
