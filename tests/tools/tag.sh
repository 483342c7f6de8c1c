#!/usr/bin/env bash
# tag.sh PROGRAM: quiesce tag, with good input and with bad.
source "$(dirname "${BASH_SOURCE[0]}")/checks.sh"

make_model
tag=("$quiesce" tag --model model)

expect "lines" $'Anna/B-PER Bell/I-PER lives/O in/O Oslo/B-LOC\n\nRome/B-LOC is/O far/O ./O' \
    "$(printf 'Anna  Bell\tlives in\u00a0Oslo \n\nRome is far .' | "${tag[@]}")"

# Positions are code points; a word of nothing but a format character has no piece, and so no score.
printf '  \u00e9\u00e9 \u200b "a\\b"\n' >input
"${tag[@]}" --json <input >out
pattern='^\{"version": 1, "words": \[\{"text": "éé", "start": 2, "end": 4, "tag": "[A-Z-]+", "score": 0\.[0-9]+\}, '
pattern+='\{"text": "​", "start": 5, "end": 6, "tag": "O", "score": 0\}, '
pattern+='\{"text": "\\"a\\\\b\\"", "start": 7, "end": 12, "tag": "[A-Z-]+", "score": 0\.[0-9]+\}\]\}$'
[[ $(cat out) =~ $pattern ]] || fail "JSON: $(cat out)"
"${tag[@]}" --json --logits <input >out
expect "four logits for each word" 3 "$(grep -oE '"logits": \[([-0-9.e]+, ){3}[-0-9.e]+\]' out | wc -l)"
expect "no words" '{"version": 1, "words": []}' "$(printf '\n' | "${tag[@]}" --json)"

# Many lines, some of them longer than the model's 24 positions: in order, each word once, on any number of threads.
for ((i = 0; i < 700; i++)); do
    printf 'anna%*sbell%*s\n' $((i % 7 + 1)) '' $((i % 50 + 1)) ''
done | sed 's/  / oslo /g' >input
"${tag[@]}" --threads 1 --json --logits <input >one
"${tag[@]}" --threads 3 --json --logits <input >three
cmp one three || fail "the answers depend on the threads"
for precision in f32 bf16 int8; do
    "${tag[@]}" --precision "$precision" --json --logits <input >"in_$precision"
done
cmp one in_f32 || fail "f32 is not what is taken without --precision"
for pair in 'f32 bf16' 'f32 int8' 'bf16 int8'; do
    read -r a b <<<"$pair"
    ! cmp -s "in_$a" "in_$b" || fail "$b computes what $a does"
    cmp <(grep -o '"tag": "[^"]*"' "in_$a") <(grep -o '"tag": "[^"]*"' "in_$b") || fail "$b finds other names than $a"
done
"${tag[@]}" <input | sed -E 's,/[^ ]*,,g' >words
tr -s ' ' <input | sed 's/ $//' | cmp - words || fail "words were lost or put in another order"

# An answer comes when the line is there, although the next one has been begun.
coproc { "${tag[@]}"; }
pid=$COPROC_PID
printf 'Anna\nRo' >&"${COPROC[1]}"
read -r -t 60 line <&"${COPROC[0]}" || fail "no answer to a line while the input is open"
expect "interactive" "$(echo Anna | "${tag[@]}")" "$line"
printf 'me is\n' >&"${COPROC[1]}"
read -r -t 60 line <&"${COPROC[0]}" || fail "no answer to a second line"
expect "interactive" "$(echo Rome is | "${tag[@]}")" "$line"
exec {COPROC[1]}>&-
wait "$pid"

printf 'Anna\nR\xffme\n' >input
refuses 1 'quiesce: standard input:2: byte 2 is not UTF-8*' "${tag[@]}" <input
expect "what stands before the fault is answered" "$(echo Anna | "${tag[@]}")" "$(cat out)"
printf 'a\0b\n' >input
refuses 1 'quiesce: standard input:1: byte 2 is NUL*' "${tag[@]}" <input
head -c 100000000 /dev/zero | tr '\0' a >long
refuses 1 'quiesce: standard input:1: the line is longer than 16 MiB*' "${tag[@]}" <long
refuses 2 'quiesce: --logits needs --json' "${tag[@]}" --logits </dev/null
refuses 2 'quiesce*--model*' "$quiesce" tag </dev/null
refuses 1 'quiesce: *nowhere*' "$quiesce" tag --model nowhere </dev/null
expect "no line" '' "$("${tag[@]}" </dev/null)"
