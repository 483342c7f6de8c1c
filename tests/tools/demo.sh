#!/bin/sh
# quiesce demo as a newcomer runs it: what it writes, what it claims, and how it refuses what it cannot do.
# usage: demo.sh QUIESCE
set -eu
quiesce=$1
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

fail() {
    echo "demo.sh: $*" >&2
    exit 1
}

# The code that a command exits with; what it prints goes to $scratch/output.
status_of() {
    status=0
    "$@" >"$scratch/output" 2>&1 || status=$?
    echo $status
}

[ "$(status_of "$quiesce" demo --help)" = 0 ] || fail "--help fails"
[ "$(status_of "$quiesce" demo --seed -1)" = 2 ] || fail "--seed -1 is no usage error"
[ "$(status_of "$quiesce" demo --sed 1)" = 2 ] || fail "an unknown option is no usage error"
: >"$scratch/file"
[ "$(status_of "$quiesce" demo --out "$scratch/file")" = 1 ] || fail "a file is taken for a directory"
[ "$(grep -c "$scratch/file" "$scratch/output")" = 2 ] || fail "the error names no place" # the heading names it, too
[ "$(status_of "$quiesce" demo --out "$scratch/no/such/place")" = 1 ] || fail "a missing parent is no error"
[ "$(status_of "$quiesce" demo --precision int8 --out "$scratch/int8")" = 1 ] || fail "int8 is trained with"
grep -q "int8" "$scratch/output" || fail "the error does not name int8"
[ ! -e "$scratch/int8" ] || fail "int8 is refused only after work was done for it"

"$quiesce" demo --seed 3 --out "$scratch/out" >"$scratch/terminal" 2>"$scratch/progress"
for file in corpus/train.conll corpus/valid.conll corpus/test.conll report.txt report.html latency.svg metrics.json \
    model/config.json model/vocab.txt model/tokenizer_config.json model/model.safetensors; do
    [ -s "$scratch/out/$file" ] || fail "$file is missing"
done
grep -q "versions were swapped in under" "$scratch/terminal" || fail "the last words are missing"
grep -q "^   training: " "$scratch/progress" || fail "no progress was shown"
grep -q "http" "$scratch/out/report.html" && sed 's/http:\/\/www.w3.org\/2000\/svg//g' "$scratch/out/report.html" |
    grep -q "https\?://" && fail "report.html is not self-contained"

# metrics.json as lines of "path value": it is indented by two blanks for each level.
awk '
    match($0, /^ *"[^"]*": /) {
        depth = index($0, "\"") / 2
        key = $0; sub(/^ *"/, "", key); sub(/".*/, "", key)
        value = $0; sub(/^ *"[^"]*": /, "", value); sub(/,$/, "", value)
        path[int(depth)] = key
        line = path[1]
        for (i = 2; i <= int(depth); i++) line = line "." path[i]
        print line, value
    }' "$scratch/out/metrics.json" >"$scratch/metrics"

value_of() {
    awk -v key="$1" '$1 == key { print $2; found = 1 } END { exit !found }' "$scratch/metrics" || fail "metrics.json lacks $1"
}

holds() { # KEY TEST: an awk expression about v
    value=$(value_of "$1")
    awk -v v="$value" "BEGIN { exit !($2) }" || fail "$1 is $value, which is not: $2"
}

holds f1 "v > 0.9"
holds versions_published "v >= 100"
holds mixed_answers "v == 0"
holds live_versions_max "v >= 2 && v <= $(value_of live_versions_bound)"
holds live_bytes_max "v > 0 && v <= $(value_of live_bytes_bound)"
holds live.answers "v > 1000"
holds live.rechecked "v > 100"
for guard in snapshot rwlock mutex refcount; do
    for key in requests_per_s p50_us p99_us p999_us max_us p99_swap_us p99_quiet_us publish_stall_us; do
        holds "guards.$guard.$key" "v > 0"
    done
    holds "guards.$guard.mixed_answers" "v == 0"
    holds "guards.$guard.swap_requests" "v >= 100"
    holds "guards.$guard.quiet_requests" "v >= 100"
done

# The model can be used at once, and says about the test sentences what the demo said.
"$quiesce" eval --model "$scratch/out/model" --data "$scratch/out/corpus/test.conll" >"$scratch/eval"
grep -F "$(grep 'micro avg' "$scratch/out/report.txt")" "$scratch/eval" >/dev/null || fail "eval disagrees with the demo"

# 8-bit integers cost at most half a point of F1.
"$quiesce" eval --model "$scratch/out/model" --data "$scratch/out/corpus/test.conll" --precision int8 >"$scratch/eval8"
f1_int8=$(awk '/micro avg/ { print $5; exit }' "$scratch/eval8")
holds f1 "$f1_int8 > v - 0.005"
grep -E '^ +(snapshot|rwlock|mutex|refcount) ' "$scratch/terminal"
echo "F1 $(value_of f1), $f1_int8 in int8, $(value_of versions_published) versions, in $(value_of seconds) s"
