#!/usr/bin/env bash
# train.sh PROGRAM: quiesce train writes the same bytes whatever threads, splits and kills do, and says what is wrong.
source "$(dirname "${BASH_SOURCE[0]}")/checks.sh"

make_model # `vocab`, `config.json` and a model for --model

# make_corpus SEED SENTENCES: persons follow "mr", places follow "in"; letters make up the words.
make_corpus() {
    awk -v seed="$1" -v sentences="$2" 'BEGIN {
        srand(seed)
        for (s = 0; s < sentences; s++) {
            n = 2 + int(rand() * 7)
            for (w = 0; w < n; w++) {
                word = ""
                for (c = 0; c < 3; c++) word = word sprintf("%c", 97 + int(rand() * 26))
                r = rand()
                if (r < .3) printf "mr\tO\n%s\tB-PER\n", word
                else if (r < .6) printf "in\tO\n%s\tB-LOC\n", word
                else printf "%s\tO\n", word
            }
            print ""
        }
    }'
}
make_corpus 1 60 >some
make_corpus 2 20 >other
train=("$quiesce" train --init config.json --vocab vocab --uncased --train some --valid other --lr 0.003 --epochs 3)

same_bytes() { # same_bytes A B WHY
    diff -r "$1" "$2" >/dev/null || fail "$3 changed the model"
}

"${train[@]}" --out one --threads 1 --test other --metrics metrics >report 2>log || fail "$(cat log)"
expect "files of a model" "config.json model.safetensors tokenizer_config.json vocab.txt" "$(cd one && echo *)"
grep -q '^ *micro avg' report || fail "no entity report: $(cat report)"
grep -q '^ *O ' report || fail "no token report: $(cat report)"
[[ ! -e one.training.safetensors ]] || fail "the checkpoint of a finished training is left"
expect "a line for each step" "$(tail -n 1 log | grep -oE '^[0-9]+')" "$(grep -c '"event": "step"' metrics)"
expect "an evaluation for each epoch" 3 "$(grep -c '"event": "evaluation"' metrics)"
"$quiesce" eval --model one --data other >again
expect "the report of eval" "$(cat again)" "$(cat report)"

"${train[@]}" --out rounded --precision bf16 2>/dev/null
! cmp -s one/model.safetensors rounded/model.safetensors || fail "training in bf16 does what training in f32 does"

for threads in 2 4; do
    "${train[@]}" --out "by$threads" --threads "$threads" 2>/dev/null
    same_bytes one "by$threads" "$threads threads"
done
"${train[@]}" --out split --threads 2 --batch 2 --accumulate 8 2>/dev/null
same_bytes one split "splitting the batch"
"${train[@]}" --out other_seed --seed 2 2>/dev/null
! cmp -s one/model.safetensors other_seed/model.safetensors || fail "the seed does nothing"

# Killed again and again at moments of chance, resumed each time with other threads: the same bytes, and the metrics
# of a training that was never killed, behind those of an earlier one.
without_seconds() { sed -E 's/, "seconds": [0-9.]+//' "$@"; }
cp metrics metrics_killed
kills=0
for attempt in $(seq 100); do
    "${train[@]}" --out killed --resume --checkpoint-every 2 --metrics metrics_killed --threads $((attempt % 3 + 1)) \
        >/dev/null 2>&1 &
    job=$!
    sleep "$(printf '0.%03d' $((RANDOM % 90 + 3)))"
    kill -9 $job 2>/dev/null || true
    if wait $job 2>/dev/null; then
        [[ $kills -eq 0 ]] || break
        rm -r killed # too fast for us
        cp metrics metrics_killed
        continue
    fi
    kills=$((kills + 1))
    [[ -e killed ]] || continue
    same_bytes one killed "a kill" # whole, or not there
    [[ -e killed.training.safetensors ]] || break # it had just ended
done
without_seconds metrics metrics >expected
[[ -e killed ]] || "${train[@]}" --out killed --resume --metrics metrics_killed 2>/dev/null
same_bytes one killed "$kills kills"
without_seconds metrics_killed | cmp - expected || fail "$kills kills changed the metrics"
[[ $kills -ge 1 ]] || fail "no kill met the training"
expect "nothing left over" "" "$(ls -d killed.* 2>/dev/null)"

# Interrupted: the checkpoint is written, and without --resume it is not thrown away.
"${train[@]}" --out stopped --epochs 2000 --patience 0 --threads 1 >/dev/null 2>log &
job=$!
for _ in $(seq 200); do
    grep -q '^step' log && break
    sleep 0.05
done
kill -INT $job 2>/dev/null || kill -TERM $job
wait $job && fail "an interrupted training reports success"
grep -q 'stopped; the same command with --resume goes on' log || fail "$(cat log)"
[[ -e stopped.training.safetensors && ! -e stopped ]] || fail "no checkpoint, or half a model"
refuses 1 '*unfinished training; add --resume*' "${train[@]}" --out stopped --epochs 2000 --patience 0
refuses 1 '*another number of epochs*' "${train[@]}" --out stopped --epochs 3 --resume

# A checkpoint is written at the last step before the kill, the lines behind it are not: the metrics go back to it. A
# kill before the first checkpoint begins anew, and so do the metrics; what stood in the file before stays.
before() { printf 'what was there before\n'; }
interrupt() { # interrupt SIGNAL OPTIONS...: once the metrics `lines` change
    local signal=$1 there
    there=$(wc -l <lines)
    shift
    "${train[@]}" --out lined --metrics lines --threads 1 --epochs 200 --patience 0 "$@" >/dev/null 2>log &
    local job=$!
    while [[ $(wc -l <lines) == "$there" ]] && kill -0 $job 2>/dev/null; do sleep 0.002; done
    kill -"$signal" $job
    wait $job 2>/dev/null && fail "an interrupted training reports success"
    return 0
}
before >lines
interrupt KILL --checkpoint-every 100000 --eval-every 100000
[[ -e lined.training.metrics && ! -e lined.training.safetensors ]] || fail "killed later than it should be"
interrupt KILL --resume --checkpoint-every 100000 --eval-every 100000
expect "one first step" 1 "$(grep -c '"step": 1,' lines)"
interrupt TERM --resume --eval-every 1
expect "the evaluation of the step that was stopped" evaluation "$(tail -n 1 lines | grep -o evaluation)"
printf '{"event": "step", "step": 99999, "half a li' >>lines
interrupt TERM --resume --eval-every 1
rm lined.*
before | cmp - <(head -n 1 lines) || fail "earlier lines were lost: $(head -n 1 lines)"
expect "each step once, in order" "" \
    "$(sed -nE 's/.*"event": "step", "step": ([0-9]+),.*/\1/p' lines | awk '$1 != NR { print NR; exit }')"

# Early stopping: labels of chance cannot be learned, so that the F1 soon stops rising.
awk -F'\t' -v OFS='\t' 'BEGIN { srand(3) } NF { $2 = rand() < .5 ? "B-PER" : "B-LOC" } { print }' other >chance
"${train[@]}" --out early --valid chance --epochs 100 --patience 2 2>log
grep -q 'stopped early; the weights after step' log || fail "$(tail -n 1 log)"

# Fine-tuning what is there, with parts frozen.
"$quiesce" train --model model --train corpus --valid corpus --out tuned --freeze embeddings,layer.0 2>log || fail "$(cat log)"
"$quiesce" eval --model tuned --data corpus >/dev/null
"$quiesce" train --model model --train corpus --valid corpus --out model --optimizer sgd 2>log || fail "$(cat log)"

tune=("$quiesce" train --model model --train corpus --valid corpus --out never)
refuses 2 '*either --model DIR or --init*' "$quiesce" train --train some --valid some --out never
refuses 2 '*either --model DIR or --init*' "${train[@]}" --model model --out never
refuses 2 '*--vocab*' "$quiesce" train --init config.json --train some --valid some --out never
refuses 2 '*--lr*' "${tune[@]}" --lr fast
refuses 2 '*--precision*' "${tune[@]}" --precision f16
refuses 1 '*train with f32 or bf16' "${tune[@]}" --precision int8 --train unread
refuses 1 '*layers that the model has' "${tune[@]}" --freeze layer.7
refuses 1 '*nowhere: cannot open*' "${tune[@]}" --model nowhere
refuses 1 '*no label "B-X"*' "${tune[@]}" --train <(printf 'a B-X\n')
refuses 1 '*nowhere/never*' "${tune[@]}" --out nowhere/never
refuses 1 '*nowhere/m*' "${tune[@]}" --metrics nowhere/m
refuses 1 '*layers that the model has' "${tune[@]}" --freeze layer.7 --metrics unwritten
[[ ! -e unwritten ]] || fail "metrics of nothing are left"
if [[ -w /dev/full ]]; then
    ! "${train[@]}" --out unsaid --metrics /dev/full 2>log || fail "metrics on a full disk report success"
    expect "one line about the full disk" "quiesce: /dev/full: cannot write: No space left on device; free some space*" \
        "$(grep '^quiesce' log | sed 's/space, .*/space*/')"
    rm unsaid.training.safetensors
fi
mkdir full
echo 'years of work' >full/thesis.tex
refuses 1 '*full: holds thesis.tex*' "${tune[@]}" --out full
grep -v UNK vocab >no_unk
refuses 1 '*UNK*' "$quiesce" train --init config.json --vocab no_unk --train some --valid some --out never
sed 's/24/25/' config.json >odd.json
refuses 1 '*odd.json: *multiple of num_attention_heads*' "$quiesce" train --init odd.json --vocab vocab --train some --valid some --out never
cp -r model broken
head -c 2000 model/model.safetensors >broken/model.safetensors
refuses 1 '*broken/model.safetensors: *' "${tune[@]}" --model broken

# A full disk: the checkpoint cannot be written, nothing half-written is left, the old model stays.
cp -r one small
(
    ulimit -f 8
    ! "${train[@]}" --out small --seed 3 >/dev/null 2>log || fail "a full disk reports success"
)
grep -q 'free some space' log || fail "$(cat log)"
same_bytes one small "a full disk"
expect "nothing left over" "" "$(ls -d small.* never* 2>/dev/null)"
