#!/usr/bin/env bash
# eval.sh PROGRAM: quiesce eval, with good input and with bad.
source "$(dirname "${BASH_SOURCE[0]}")/checks.sh"

make_model
eval=("$quiesce" eval --model model --data)
"${eval[@]}" corpus --threads 1 >one
"${eval[@]}" corpus --threads 3 >three
cmp one three || fail "the report depends on the threads"
grep -qE '^ +LOC +1\.0000 +1\.0000 +1\.0000 +6$' one || fail "six places are to be found: $(cat one)"
grep -qE '^ +micro avg ' one || fail "no entity report"
grep -qE '^ +O +1\.0000 ' one || fail "no token report"
grep -qE '^ +accuracy +1\.0000 +27$' one || fail "no accuracy of 27 words: $(cat one)"

printf 'Rome\tB-CITY\n' >unknown
: >empty
printf 'Rome\n' >unlabelled
printf 'R\xffme\tO\n' >latin
refuses 1 "quiesce: unknown:1: the model does not know the label 'B-CITY'*" "${eval[@]}" unknown
refuses 1 'quiesce: empty: no sentence*' "${eval[@]}" empty
refuses 1 "quiesce: unlabelled:1: 'Rome' has no label*" "${eval[@]}" unlabelled
refuses 1 'quiesce: latin:1: byte 2 is not UTF-8*' "${eval[@]}" latin
refuses 1 'quiesce: nowhere: *' "${eval[@]}" nowhere
refuses 1 'quiesce: *nowhere*' "$quiesce" eval --model nowhere --data corpus
refuses 2 'quiesce*--data*' "$quiesce" eval --model model
cp -r model broken
head -c 1000 model/model.safetensors >broken/model.safetensors
refuses 1 'quiesce: broken/model.safetensors: *' "$quiesce" eval --model broken --data corpus
cp -rT model broken
printf '[UNK]\n' >>broken/vocab.txt # one piece too many
refuses 1 'quiesce: *' "$quiesce" eval --model broken --data corpus
