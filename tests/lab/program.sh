#!/usr/bin/env bash
# program.sh PROGRAM: qsc-lab's commands, with good arguments and with bad.
source "$(dirname "${BASH_SOURCE[0]}")/../tools/checks.sh"
lab=$quiesce

"$lab" list >list
for lock in qsc_mutex qsc_mutex_fair qsc_tas qsc_ticket qsc_mcs qsc_clh qsc_rwlock qsc_brlock qsc_pflock \
    pthread_mutex pthread_spin pthread_rwlock hemlock fifo_park gcr_mcs; do
    grep -q "^$lock " list || fail "$lock is not in the list: $(cat list)"
done
tail -n +2 list | LC_ALL=C sort -c || fail "the list is in order: $(cat list)"

"$lab" fair qsc_mutex --threads 2 --seconds 0.2 >out
for line in '^qsc_mutex: 2 threads' '^throughput +[1-9]' '^jain whole ' '^jain 100 ms .* 2 windows' '^jain  10 ms .*' '^jain   1 ms ' \
    '^upper half ' '^passes a thread ' '^overtakes +[0-9.]+ a wait' '^handover .* to the thread that had it' '^  from  1 to +[0-9.]+ +[0-9.]+$' \
    '^held by a thread ' '^lock opportunity [0-9.]+ to ' '^longest wait ' '^clock: .* a stamp takes ' '^own cost: [0-9.]+ ns a pass'; do
    grep -qE "$line" out || fail "no line '$line': $(cat out)"
done
"$lab" fair qsc_brlock --seconds 0.01 --reads 100 >out
grep -q 'without writers' out || fail "readers by themselves are to be named: $(cat out)"
grep -q ' 0 writes)' out || fail "reads and writes are counted apart: $(cat out)"
grep -q '^lock opportunity not defined' out || fail "readers hold a lock together: $(cat out)"
"$lab" fair pthread_mutex --seconds 0.01 --threads 256 --pin >out
grep -q 'they share them by time slices' out || fail "more threads than processors are to be named: $(cat out)"

"$lab" latency qsc_mutex --threads 2 --seconds 0.2 >out
for line in '^us +closed loop +open loop +from asking' '^p50 +[0-9.]+ +[0-9.]+ +[0-9.]+$' '^p99.99 ' '^longest ' '^waits +[1-9]' '^the open loop ' \
    '^missed ' '^qsc_mutex: 2 threads'; do
    grep -qE "$line" out || fail "no line '$line': $(cat out)"
done
"$lab" latency qsc_mutex --threads 1 --seconds 0.02 --interval 1000000 >out
grep -qE '^p99 .* +-$' out || fail "a percentile of so few waits: $(cat out)"

"$lab" shake qsc_rwlock --threads 4 --seconds 0.3 >out
grep -qE '^qsc_rwlock: up to 4 threads; [0-9]+ passes \([1-9][0-9]* reads\), [0-9]+ hand-overs' out || fail "counts: $(cat out)"
[[ $(tail -n 1 out) == "qsc_rwlock: held" ]] || fail "the verdict is the last word: $(cat out)"
refuses 1 "qsc-lab: qsc_mutex: only * hand-overs, too few to say anything*" "$lab" shake qsc_mutex --threads 1 --seconds 0.05

"$lab" compare qsc_mutex pthread_mutex --budget 0.4 --threads 3 >out
for line in '^qsc_mutex, pthread_mutex: 3 threads' '^A qsc_mutex .* passes/s' '^B pthread_mutex .* passes/s' '^ratio A/B ' \
    '^signed-rank test ' ' pairs of runs of '; do
    grep -qE "$line" out || fail "no line '$line': $(cat out)"
done
[[ $(tail -n 1 out) =~ \ (faster|slower|equivalent|undecided)$ ]] || fail "the verdict is the last word: $(cat out)"
"$lab" compare qsc_tas qsc_tas --budget 0.1 --threads 8 >out
[[ $(tail -n 1 out) =~ \ (faster|slower|equivalent|undecided)$ ]] || fail "few pairs are no failure: $(cat out)"

"$lab" env >env.json
for key in cpu hypervisor processors threads_per_core numa_nodes caches frequency_governor kernel libc clock membarrier \
    performance_counters steal_since_boot claims supported; do
    grep -q "\"$key\": " env.json || fail "no $key: $(cat env.json)"
done
[[ $("$lab" --version) == "qsc-lab "* ]] || fail "--version: $("$lab" --version)"
"$lab" --help >out
grep -q '^usage: qsc-lab COMMAND' out || fail "its own usage: $(cat out)"
refuses 2 "qsc-lab: env: unexpected argument 'x'*" "$lab" env x

refuses 2 "qsc-lab: unknown command 'race'*" "$lab" race
refuses 2 "qsc-lab: list: unexpected argument 'x'*" "$lab" list x
refuses 2 "qsc-lab: fair: the name of a lock is missing*" "$lab" fair
refuses 2 "qsc-lab: fair: the name of a lock is missing*" "$lab" fair --threads 2
refuses 2 "qsc-lab: fair: no lock 'qsc_mutexx'*" "$lab" fair qsc_mutexx
refuses 2 "qsc-lab: fair: unexpected argument 'qsc_tas'*" "$lab" fair qsc_mutex qsc_tas
refuses 2 "qsc-lab: fair: --threads wants a whole number from 1 to 256, not '257'" "$lab" fair qsc_mutex --threads 257
refuses 2 "qsc-lab: fair: --seconds wants a number from 0.01 to 60, not '0'" "$lab" fair qsc_mutex --seconds 0
refuses 2 "qsc-lab: fair: --reads wants *" "$lab" fair qsc_mutex --reads 101
refuses 2 "qsc-lab: latency: --interval wants *" "$lab" latency qsc_mutex --interval 1000000000
refuses 2 "qsc-lab: shake: the name of a lock is missing*" "$lab" shake --seconds 1
refuses 2 "qsc-lab: shake: --patience wants *" "$lab" shake qsc_mutex --patience 0
refuses 2 "qsc-lab: compare: the name of a lock is missing*" "$lab" compare qsc_mutex
refuses 2 "qsc-lab: compare: no lock 'x'*" "$lab" compare qsc_mutex x
refuses 2 "qsc-lab: compare: --budget wants *" "$lab" compare qsc_mutex qsc_tas --budget 0
refuses 2 "qsc-lab: compare: --margin wants *" "$lab" compare qsc_mutex qsc_tas --margin -1
if [[ -w /dev/full ]]; then
    status=0
    "$lab" list >/dev/full 2>err || status=$?
    expect "a full disk" "1 qsc-lab: standard output could not be written whole: is the disk full?" "$status $(cat err)"
fi
