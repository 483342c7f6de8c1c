#!/usr/bin/env bash
# tokenize.sh PROGRAM: quiesce tokenize, with good input and with bad.
source "$(dirname "${BASH_SOURCE[0]}")/checks.sh"

printf '%s\n' '[UNK]' '[SEP]' hello wor '##ld' e . '"' '\' a b ab >vocab
tokenize=("$quiesce" tokenize --vocab vocab)

expect "cased and uncased" \
    '{"ids": [2, 3, 4, 0, 6, 1], "pieces": ["hello", "wor", "##ld", "[UNK]", ".", "[SEP]"], "offsets": [[0, 5], [6, 9], [9, 11], [12, 13], [13, 14], [14, 19]]}' \
    "$(printf 'hello world \u00c9.[SEP]' | "${tokenize[@]}")"
expect "accents" '{"ids": [5, 2], "pieces": ["e", "hello"], "offsets": [[1, 2], [3, 8]]}' \
    "$(printf ' \u00c9 HELLO\r\n' | "${tokenize[@]}" --uncased)"
expect "escapes" '{"ids": [7, 8], "pieces": ["\"", "\\"], "offsets": [[0, 1], [1, 2]]}' "$(echo '"\' | "${tokenize[@]}")"
expect "NUL bytes are removed, as tokenizers does" '{"ids": [11], "pieces": ["ab"], "offsets": [[0, 3]]}' \
    "$(printf 'a\0b\n' | "${tokenize[@]}")"
expect "no line" '' "$("${tokenize[@]}" </dev/null)"
expect "empty lines" 3 "$(printf '\n\na' | "${tokenize[@]}" | wc -l)"

# An answer comes when the line is there, not when the input ends.
coproc { "${tokenize[@]}"; }
pid=$COPROC_PID
echo a >&"${COPROC[1]}"
read -r -t 60 line <&"${COPROC[0]}" || fail "no answer to a line while the input is open"
expect "interactive" '{"ids": [9], "pieces": ["a"], "offsets": [[0, 1]]}' "$line"
exec {COPROC[1]}>&-
wait "$pid"

printf 'a\nb\xff\na\n' >input
refuses 1 'quiesce: standard input:2: byte 2 is not UTF-8*' "${tokenize[@]}" <input
expect "what stands before the fault is answered" 1 "$(wc -l <out)"
head -c 100000000 /dev/zero | tr '\0' a >long
refuses 1 'quiesce: standard input:1: the line is longer than 16 MiB*' "${tokenize[@]}" <long
{ echo a; head -c 16777216 long; echo; } >input # the longest that is taken
expect "a long line" 2 "$("${tokenize[@]}" <input | wc -l)"

: >empty
printf 'a\nb\n' >nothing
printf '[UNK]\na\xffb\n' >latin
refuses 1 'quiesce: empty: the vocabulary is empty*' "$quiesce" tokenize --vocab empty </dev/null
refuses 1 'quiesce: nothing: no piece \[UNK\]*' "$quiesce" tokenize --vocab nothing </dev/null
refuses 1 'quiesce: latin:2: byte 2 is not UTF-8*' "$quiesce" tokenize --vocab latin </dev/null
refuses 1 'quiesce: nowhere: *' "$quiesce" tokenize --vocab nowhere </dev/null
refuses 1 'quiesce: .: *' "$quiesce" tokenize --vocab . </dev/null
refuses 2 'quiesce*--vocab*' "$quiesce" tokenize </dev/null
if [[ -w /dev/full ]]; then
    status=0
    echo a | "${tokenize[@]}" 2>err >/dev/full || status=$?
    expect "a full disk" "1 quiesce: standard output could not be written whole: is the disk full?" "$status $(cat err)"
fi
