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

for seconds in 0.3 1 4 16; do # a busy machine lets the threads meet less often
    "$lab" shake qsc_rwlock --threads 4 --seconds $seconds >out 2>err && break
done
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

# A sweep, its file, and what is made of it.
"$lab" sweep qsc_mutex pthread_mutex --threads 1,2 --shape constant,bimodal --lines 3 --locks 5 --skew 1 --reads 20 \
    --background 1 --pin yes --ms 10 --warm-up 2 --blocks 4 --budget 30 --out runs.jsonl >out 2>err || fail "sweep: $(cat err)"
expect "runs of 2 locks in 4 cells, 4 each, after a session" 33 "$(wc -l <runs.jsonl)"
grep -q '^runs.jsonl: 32 runs of 2 locks in 4 cells; 4 of 4 intervals are wider than 5 %:' out || fail "the summary: $(cat out)"
expect "the program's hash" 1 "$(grep -c "\"binary_sha256\":\"$(sha256sum "$lab" | cut -d' ' -f1)\"" runs.jsonl)"
expect "the machine, once" 1 "$(grep -c '"env":{' runs.jsonl)"
env_hash=$(head -n 1 runs.jsonl | sed 's/.*"env_sha256":"\([0-9a-f]*\)".*/\1/')
expect "the machine's hash on each line" 33 "$(grep -c "\"env_sha256\":\"$env_hash\"" runs.jsonl)"
grep -q '(100 %)' err || fail "progress on standard error: $(cat err)"
"$lab" report runs.jsonl --out page.html
grep -q '<svg ' page.html || fail "no plot"
"$lab" report runs.jsonl --out runs.csv
expect "a line a run, and one of names" 33 "$(wc -l <runs.csv)"
"$lab" report runs.jsonl --out runs.json
grep -q '"name": "qsc_mutex/threads:1/section:500/outside:500/shape:constant/lines:3/locks:5/skew:1/reads:20/pin:yes/background:1"' \
    runs.json || fail "Google Benchmark's names: $(grep -m 1 name runs.json)"

# It is taken up where it was interrupted, also in the middle of a line; what does not belong to it is refused.
head -n 20 runs.jsonl >cut.jsonl
head -n 21 runs.jsonl | tail -n 1 | head -c 40 >>cut.jsonl
sweep=("$lab" sweep qsc_mutex pthread_mutex --threads 1,2 --shape "constant,bimodal" --lines 3 --locks 5 --skew 1 --reads 20
    --background 1 --pin yes --ms 10 --warm-up 2 --blocks 4 --budget 30 --out cut.jsonl)
"${sweep[@]}" >out 2>err || fail "taken up: $(cat err)"
grep -q '^cut.jsonl: taken up after 19 runs$' err || fail "where it was taken up: $(cat err)"
expect "two sessions" 2 "$(grep -c '"type":"session"' cut.jsonl)"
(($(wc -l <cut.jsonl) >= 2 + 32 - 4)) || fail "all is run: $(wc -l <cut.jsonl)"
"$lab" report cut.jsonl --out cut.html
refuses 1 "qsc-lab: cut.jsonl holds another campaign: choose another --out" "${sweep[@]}" --seed 3
sed '1s/"binary_sha256":"./"binary_sha256":"x/' cut.jsonl >other.jsonl
refuses 1 "qsc-lab: other.jsonl was measured by another build of this program: choose another --out" "${sweep[@]}" --out other.jsonl
sed '1s/"processors":/"processors":9/' cut.jsonl >other.jsonl
refuses 1 "qsc-lab: other.jsonl was measured on another machine: choose another --out" "${sweep[@]}" --out other.jsonl
echo x >other.jsonl
refuses 1 "qsc-lab: other.jsonl: line 1: not a line that *: choose another --out" "${sweep[@]}" --out other.jsonl
expect "what is refused is left as it was" x "$(cat other.jsonl)"

# The budget ends it; presets; readers alone are marked, here too.
SECONDS=0
"$lab" sweep qsc_tas --preset glibc --budget 0.3 --ms 10 --warm-up 2 --reads 100 --out budget.jsonl >out 2>err
((SECONDS < 20)) || fail "it took $SECONDS s"
grep -q 'intervals are wider than 5 %: the same command with more --budget or --blocks goes on' out || fail "the budget: $(cat out)"
grep -q 'the budget is 0 s' err || fail "what would be needed: $(cat err)"
"$lab" report budget.jsonl --out budget.html
grep -q 'The preset <b>glibc</b> copies .*glibc' budget.html || fail "what a preset copies is said"
grep -q 'Readers alone' budget.html || fail "readers by themselves are to be named"
for preset in dice libslock flexguard buhr; do
    "$lab" sweep qsc_mutex qsc_tas --preset "$preset" --budget 0.1 --ms 10 --warm-up 1 --out "$preset.jsonl" >out 2>err ||
        fail "$preset: $(cat err)"
    grep -q "\"preset\":\"$preset\"" "$preset.jsonl" || fail "$preset is not in its file"
done
"$lab" sweep qsc_mutex qsc_tas --baseline qsc_tas --threads 1 --blocks 1 --ms 10 --out base.jsonl >out 2>err
grep -q '"contenders":\["qsc_tas","qsc_mutex"\]' base.jsonl || fail "the baseline is the first"

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
refuses 2 "qsc-lab: sweep: --out FILE.jsonl is missing*" "$lab" sweep qsc_mutex
refuses 2 "qsc-lab: sweep: the name of a lock is missing*" "$lab" sweep --out x.jsonl
refuses 2 "qsc-lab: sweep: no lock 'x'*" "$lab" sweep qsc_mutex x --out x.jsonl
refuses 2 "qsc-lab: sweep: lock 'qsc_tas' is named twice" "$lab" sweep qsc_tas qsc_tas --out x.jsonl
refuses 2 "qsc-lab: sweep: the baseline 'qsc_tas' is not among the locks named" "$lab" sweep qsc_mutex --baseline qsc_tas --out x.jsonl
refuses 2 "qsc-lab: sweep: --threads wants at most 32 values from 1 to 256 with commas between, not '0'*" "$lab" sweep qsc_tas --threads 0 --out x.jsonl
refuses 2 "qsc-lab: sweep: --shape wants words with commas between: uniform, constant, exponential, bimodal, not 'flat'*" \
    "$lab" sweep qsc_tas --shape flat --out x.jsonl
refuses 2 "qsc-lab: sweep: locks times values of all options are more than 4096*" \
    "$lab" sweep qsc_tas qsc_mutex --threads 1..256 --section 1..1000000 --outside 1..1000000 --out x.jsonl
refuses 2 "qsc-lab: sweep: --preset wants one of none|dice|glibc|libslock|flexguard|buhr, not 'x'" "$lab" sweep qsc_tas --preset x --out x.jsonl
refuses 2 "qsc-lab: sweep: --ms wants *" "$lab" sweep qsc_tas --ms 1 --out x.jsonl
refuses 1 "qsc-lab: no/x.jsonl: No such file or directory" "$lab" sweep qsc_tas --out no/x.jsonl
[[ ! -e x.jsonl ]] || fail "bad arguments leave no file"
refuses 2 "qsc-lab: report: the file of a sweep is missing*" "$lab" report --out x.html
refuses 2 "qsc-lab: report: --out FILE is missing*" "$lab" report runs.jsonl
refuses 2 "qsc-lab: report: --out needs a value*" "$lab" report runs.jsonl --out
refuses 2 "qsc-lab: report: --out wants a name that ends with .html, .csv or .json, not 'x.pdf'" "$lab" report runs.jsonl --out x.pdf
refuses 2 "qsc-lab: report: --x wants an option of sweep *, not 'speed'" "$lab" report runs.jsonl --x speed --out x.html
refuses 1 "qsc-lab: x.jsonl: No such file or directory" "$lab" report x.jsonl --out x.html
refuses 1 "qsc-lab: out: line *" "$lab" report out --out x.html
refuses 1 "qsc-lab: no/x.html: No such file or directory" "$lab" report runs.jsonl --out no/x.html
if [[ -w /dev/full ]]; then
    ln -s /dev/full full.html
    ln -s /dev/full full.jsonl
    refuses 1 "qsc-lab: full.jsonl: No space left on device" "$lab" sweep qsc_tas --out full.jsonl
    refuses 1 "qsc-lab: full.html could not be written whole: *" "$lab" report runs.jsonl --out full.html
    status=0
    "$lab" list >/dev/full 2>err || status=$?
    expect "a full disk" "1 qsc-lab: standard output could not be written whole: is the disk full?" "$status $(cat err)"
fi
