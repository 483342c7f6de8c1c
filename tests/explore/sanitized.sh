#!/bin/sh
# sanitized.sh COMPILER PROGRAMS: the explorer's own code under UndefinedBehaviorSanitizer and AddressSanitizer, running
# so many random programs against the reference. AddressSanitizer wants the C library's own thread functions for itself:
# there, those of the explorer that the programs need have other names.
set -u
here=$(cd "$(dirname "$0")" && pwd)
explorer=$here/../../stress/explore
compiler=$1 programs=$2
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
flags='-D_GNU_SOURCE -std=gnu11 -O1 -g -fPIC -w'
renamed=
for function in create join self getspecific setspecific key_create; do
    renamed="$renamed -Dpthread_$function=explored_pthread_$function"
done

check() { # check SANITIZER OPTION...: builds the engine with it, and the fuzzer, which is instrumented for the explorer
    sanitizer=$1
    shift
    names=
    [ "$sanitizer" = address ] && names=$renamed
    mkdir "$scratch/$sanitizer"
    for source in "$explorer"/*.c; do
        case $source in */explore.c) continue ;; esac
        rename=
        case $source in */threads.c) rename=$names ;; esac
        # shellcheck disable=SC2086
        "$compiler" $flags $rename "$@" -c "$source" -o "$scratch/$sanitizer/$(basename "$source" .c).o" || return 1
    done
    # shellcheck disable=SC2086
    {
        "$compiler" -shared "$@" "$scratch/$sanitizer"/*.o -o "$scratch/$sanitizer/libengine.so" \
            -Wl,-Bsymbolic-functions -pthread -ldl &&
            "$compiler" $flags $names -fsanitize=thread -c "$here/interpret.c" -o "$scratch/interpret.o" &&
            for source in fuzz program reference; do
                "$compiler" $flags -c "$here/$source.c" -o "$scratch/$source.o" || return 1
            done &&
            "$compiler" "$@" "$scratch/fuzz.o" "$scratch/program.o" "$scratch/reference.o" "$scratch/interpret.o" \
                -o "$scratch/fuzz" -L"$scratch/$sanitizer" -lengine -Wl,-rpath,"$scratch/$sanitizer" -pthread
    } || return 1
    # Stacks that it does not know are the explorer's business.
    ASAN_OPTIONS=detect_stack_use_after_return=0:detect_leaks=0 "$scratch/fuzz" "$programs" >"$scratch/said" 2>&1
    status=$?
    echo "$sanitizer: $(tail -1 "$scratch/said")"
    [ $status -eq 0 ] && ! grep -q 'ERROR\|runtime error' "$scratch/said" || { cat "$scratch/said"; return 1; }
}

check undefined -fsanitize=undefined -fno-sanitize-recover=all && check address -fsanitize=address
