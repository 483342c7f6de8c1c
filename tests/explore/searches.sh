#!/bin/sh
# searches.sh DRIVER SOURCE: replay, random, bounded and shared searches, weakening, coverage, pictures.
set -u
driver=$1 source=$2
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
failed=0

build() { # build NAME OPTION...
    name=$1
    shift
    "$driver" -O1 "$@" "$source" -o "$scratch/$name" || exit 1
}
complain() { echo "$1"; failed=1; }
field() { sed -n "s/.*\"$1\": \"\{0,1\}\([^\",}]*\).*/\1/p" | tail -1; }
# expect WHAT STATUS PROGRAM OPTION...: its exit status, its output in $said
expect() {
    what=$1 wanted=$2 program=$3
    shift 3
    said=$("$scratch/$program" "$@" 2>"$scratch/errors")
    status=$?
    [ $status -eq "$wanted" ] || complain "$what: exit status $status, not $wanted: $said $(cat "$scratch/errors")"
}
says() { echo "$said" | grep -q -- "$1" || complain "$what: no '$1' in: $said"; }

build sound
build relaxed -DPUBLISH=memory_order_relaxed
build strong -DPUBLISH=memory_order_seq_cst
build buffer -DCASE_STORE_BUFFERING
build update -DCASE_PREEMPTIONS
build children -DCASE_CHILDREN
build many -DCASE_MANY

# The failing execution comes again, and no other program's does.
for program in relaxed buffer update; do
    expect "$program fails" 1 $program --json --quiet
    bug=$(echo "$said" | field bug)
    replay=$(echo "$said" | sed -n 's/.*"replay": "\([^"]*\)".*/\1/p')
    expect "$program again" 1 $program --json --quiet --replay "$replay"
    [ "$bug" = "$(echo "$said" | field bug)" ] || complain "$program: another bug along the replay string: $said"
done
expect 'what it reads' 1 relaxed
says 'reads #[0-9]*, but that is relaxed'
says '^replay: .* --replay 0:'
expect 'a stale read' 1 buffer
says 'is newer, but nothing orders it before this'
expect 'no replay string' 2 sound --replay nonsense
expect 'a string of another program' 2 sound --replay 0:1,7:3,0:0

# One of two processes is killed: what it was to examine is missing.
"$scratch/many" --quiet --jobs 2 >"$scratch/out" 2>&1 &
explorer=$!
copy=
while [ -z "$copy" ] && kill -0 $explorer; do
    copy=$(cat /proc/[0-9]*/status 2>/dev/null | awk -v parent=$explorer '/^Pid:/ { pid = $2 } /^PPid:/ && $2 == parent { print pid; exit }')
done
kill -9 "$copy"
wait $explorer
status=$? what='a process that died' said=$(cat "$scratch/out")
[ $status -eq 3 ] || complain "$what: exit status $status: $said"
says 'a process of the exploration died; what it had to do is missing'
says '^bound: .*not complete$'

# The tools behind a report: a program never meets them, and where they are missing or die there is still a report.
expect 'processes of its own' 0 children --weaken --jobs 2
says '2 weakened orders: 2 needed, 0 not needed, 0 undecided'
mkdir "$scratch/broken" "$scratch/none"
for tool in addr2line nm objdump; do
    printf '#!/bin/sh\nread -r address\necho half\nkill -9 $$\n' >"$scratch/broken/$tool"
done
chmod +x "$scratch/broken"/*
for tools in broken none; do
    said=$(PATH="$scratch/$tools" "$scratch/relaxed" --coverage 2>&1) what="$tools tools"
    says '^race: data race: read of 4 bytes, not ordered with the access of thread 1'
    says 'load 0x[0-9a-f]* = 1 (seq_cst), reads #'
    says '^replay: '
done
rmdir "$scratch/none"

# At random: found, the same for the same seed, in any number of processes; never proven.
for program in relaxed buffer update; do
    expect "$program at random" 1 $program --random 1000 --quiet
done
expect 'one seed' 1 buffer --random 1000 --seed 7 --json --quiet
once=$(echo "$said" | sed 's/"seconds": [0-9.]*//')
expect 'one seed again' 1 buffer --random 1000 --seed 7 --json --quiet
[ "$once" = "$(echo "$said" | sed 's/"seconds": [0-9.]*//')" ] || complain "one seed, two results: $once, $said"
expect 'a sound program at random' 3 sound --random 500 --jobs 2 --json
[ "$(echo "$said" | field executions)" = 500 ] || complain "500 random executions: $said"

# Bounds hide what needs more.
expect 'no preemption' 3 update --preemptions 0 --stale 0 --quiet
expect 'one preemption' 1 update --preemptions 1 --stale 0 --quiet
expect 'no stale read' 3 buffer --stale 0 --quiet
expect 'one stale read' 1 buffer --stale 1 --quiet
expect 'bounds that hide nothing' 0 sound --preemptions 100 --stale 100 --quiet

# Shared: the same executions.
for program in sound update; do
    alone=$("$scratch/$program" --json --quiet | field executions)
    shared=$("$scratch/$program" --json --quiet --jobs 2 | field executions)
    [ "$alone" = "$shared" ] || [ $program = update ] || complain "$program: $alone executions, $shared with --jobs 2"
done

# Each order weakened by a step.
expect 'orders' 0 strong --weaken
says '^not needed  first, .*store (seq_cst) made release'
says '^not needed  second, .*load (seq_cst) made acquire'
says '2 weakened orders: 0 needed, 2 not needed, 0 undecided'
expect 'orders' 0 sound --weaken
says '^needed      first, .*store (release) made relaxed: race: '
expect 'orders with a verdict for scripts' 0 sound --weaken --json
echo "$said" | tail -1 | grep -q '^{"verdict": "clean"' || complain "the object does not come last: $said"

# Coverage.
expect 'coverage' 0 sound --coverage
says ' 2  second, .*load (seq_cst)'
says ' 0  unreached, '
echo "$said" | grep -q 'not seen' && complain "not seen, but seen: $said"
line=$(grep -n '// unseen$' "$source" | cut -d: -f1)
for instruction in 'lock incl %0' 'xchg %%eax, %0' mfence; do
    build assembly "-DASSEMBLY=\"$instruction\""
    expect "coverage of $instruction" 0 assembly --coverage
    says "not seen  first, searches.c:$line  atomic instruction or fence"
done

# Pictures.
expect 'pictures' 1 relaxed --quiet --dot "$scratch/a.dot" --html "$scratch/a.html"
grep -q 'label="race"' "$scratch/a.dot" && grep -q 'label="rf"' "$scratch/a.dot" || complain 'no edges in the .dot file'
if command -v dot >/dev/null; then
    dot -Tsvg "$scratch/a.dot" >"$scratch/a.svg" || complain 'dot does not read it'
fi
python3 - "$scratch/a.html" <<'PYTHON' || complain 'the .html file is not well-formed'
import sys, xml.etree.ElementTree as tree
text = open(sys.argv[1]).read()
svg = text[text.index("<svg"):text.index("</svg>") + 6]
tree.fromstring(svg)
assert "races with" in text and "first" in text
PYTHON
expect 'a picture that cannot be written' 1 relaxed --quiet --dot "$scratch/none/a.dot"
grep -q 'cannot be written' "$scratch/errors" || complain 'no word about the picture that cannot be written'

for wrong in '--jobs 0' '--random 0' '--random 5 --preemptions 1' '--replay 0:0 --stale 1' '--seed x'; do
    # shellcheck disable=SC2086
    expect "wrong options '$wrong'" 2 sound $wrong
done
exit $failed
