#!/bin/sh
# faults.sh DRIVER [CASE...]: each kind of fault (or those named) is found and called by its name, and its healthy twin,
# -DHEALTHY, is clean.
set -u
here=$(cd "$(dirname "$0")" && pwd)
driver=$1
shift
wanted=$*
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
failed=0
flags=

is_clang() { "${QSC_EXPLORE_CC:-cc}" --version | grep -q clang; }

build() { # build SOURCE FLAG...
    source=$1
    shift
    "$driver" -O1 -Wno-atomic-alignment "$@" "$here/$source.c" -o "$scratch/case" -lurcu-memb -lurcu-common || exit 1
}

run() { # run CASE WORDS OPTION...: what the report must say
    name=$1 words=$2
    shift 2
    case " ${wanted:-$name} " in *" $name "*) ;; *) return ;; esac
    for health in BUGGY HEALTHY; do
        define=$([ $health = HEALTHY ] && echo -DHEALTHY)
        # shellcheck disable=SC2086
        build $source $flags "-DCASE_$name" $define
        said=$("$scratch/case" --json --quiet "$@" 2>&1)
        status=$?
        case $health$status in
        BUGGY1) echo "$said" | grep -q "\"bug\": \"$words" || { echo "$name: not '$words': $said"; failed=1; } ;;
        HEALTHY0) ;;
        *) echo "$name, $health: status $status: $said"; failed=1 ;;
        esac
    done
}

source=waiting
run DEADLOCK 'deadlock: nobody can go on'
run STRANGER 'misuse: a mutex is unlocked that this thread does not hold'
run LOST_WAKE 'lost wake-up: nobody is left to wake who sleeps; thread 0: it sleeps at'
run LOST_FUTEX 'lost wake-up: nobody is left to wake who sleeps; '
run LOST_WAITV 'lost wake-up: nobody is left to wake who sleeps; '
run FUTEX_DEADLOCK 'deadlock: nobody can go on; '
run LIVELOCK 'livelock: 2 threads go round for ever; thread 0: a loop whose turn changes nothing'
run SPIN 'starvation: thread 0 waits for ever, the others have ended; thread 0: a loop whose turn changes nothing'
run POLL 'starvation: thread 0 waits for ever'
run COUNT 'assertion: assert(!BUGGY)'
run SEEN 'assertion: '
run SEEN_OLD 'assertion: '
run SEMAPHORE 'race: data race'
run TIMED 'assertion: '
run CLOCK 'assertion: '
run SPURIOUS 'assertion: ' --spurious 1

source=blocks
run FREED 'misuse: a read of 4 bytes in a block that was freed\|race: '
run TWICE 'misuse: double free\|race: '
run BEYOND 'misuse: a write of 4 bytes outside of any block'
run RCU 'misuse: a read of 4 bytes in a block that was freed\|race: '
run ALLOCATED 'race: write of 4 bytes of a heap block, not ordered after its allocation by thread 0: #[0-9]* reads #[0-9]*, but that is relaxed'
run UNWRITTEN 'misuse: a read of 4 bytes of a heap block that were never written, allocated at body, '
run UNWRITTEN_ATOMIC 'misuse: a read of 4 bytes of a heap block that were never written, allocated at body, '
run WRITTEN_UNSEEN 'misuse: a read of 1 bytes of a heap block that were never written'
run LEAK 'leak: 24 bytes, allocated at run, '
run LEAK_CYCLE 'leak: 24 bytes in 2 blocks, the first allocated at body, '
run ALLOCATION 'crash: Segmentation fault' --fail-allocations 1

source=lifetimes
run UNJOINED 'leak: main ended and thread 2 was neither joined nor detached, created at body, '
run FRAME 'misuse: an access of 4 bytes to a variable of main, which has ended, at work, '
run FRAME_EARLY "misuse: main ends, not ordered with thread 2's access to its variables at work, "
run STACK 'misuse: an access of 4 bytes to a variable of thread 1, which has ended, at body\|misuse: thread 1 ends, not ordered with'
run STACK_EARLY "misuse: thread 1 ends, not ordered with thread 0's access to its variables at body, "
kind=0
for object in 'a mutex' 'an rwlock' 'a condition variable' 'a semaphore' 'a spin lock' 'a barrier'; do
    flags=-DKIND=$kind
    run DESTROYED "misuse: $object is destroyed, not ordered with its use by thread 1 at run, "
    run DESTROYED_USED "misuse: $object is used that was destroyed\\( at body\\|, at run\\), "
    kind=$((kind + 1))
done
flags=
run DESTROYED_HELD 'misuse: a barrier is \(destroyed at which a thread waits\|used that was destroyed\|destroyed, not ordered\)'
run DESTROYED_SLEEP 'misuse: a condition variable is \(destroyed on which a thread sleeps\|used that was destroyed\)'
run INITIALISED 'misuse: a barrier is initialised that was not destroyed since at body, '

source=accesses
run STALE 'race: data race'
run PUSH 'race: data race'
is_clang || run WEAK 'assertion: assert(done)' --weak 1
run COPY 'race: data race: read of 24 bytes\|race: data race: write of 1 bytes'
run PART 'assertion: assert((int64_t)(atomic_load(&wide.whole)'
run RESIZED 'race: atomic access of 4 bytes, which overlaps that of another size of thread 1'
run WIDE 'assertion: assert(!twice)'
run MIXED 'race: atomic access of 16 bytes, which overlaps that of another size\|race: atomic access of 8 bytes, which overlaps'
flags=-mcx16 # without it clang calls libatomic
run WIDE 'assertion: assert(!twice)'
run MIXED 'race: atomic access of '
flags=

source=programs
run CRASH 'crash: Segmentation fault'
run THREADS 'assertion: assert(!BUGGY)'
run ALONE 'assertion: assert(!BUGGY) fails'
flags=-no-pie
run ALONE 'assertion: assert(!BUGGY) fails at .*, at body, programs.c'
flags=
run CHANGING 'changing: '

[ -z "$wanted" ] || exit $failed

for left in blocks:LEAK lifetimes:UNJOINED; do
    build ${left%:*} "-DCASE_${left#*:}"
    "$scratch/case" --quiet --ignore-leaks >"$scratch/out" 2>&1 || { echo "$left, ignored: $(cat "$scratch/out")"; failed=1; }
done

for wrong in '--limit' '--limit x' '--weak -1' 'program-argument' '--frobnicate'; do
    # shellcheck disable=SC2086
    "$scratch/case" $wrong >"$scratch/out" 2>&1
    [ $? -eq 2 ] && [ "$(wc -l <"$scratch/out")" -eq 1 ] || { echo "wrong option '$wrong' gave: $(cat "$scratch/out")"; failed=1; }
done
"$scratch/case" --help | grep -q '^usage: ' || { echo 'no --help'; failed=1; }
exit $failed
