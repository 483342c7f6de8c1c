# What the tests of the subcommands share. Sourced with the program as $1; leaves a scratch directory as the working one.
set -euo pipefail
quiesce=$(realpath "$1")
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"

fail() {
    echo "$0: $*" >&2
    exit 1
}

# expect NAME EXPECTED ACTUAL
expect() {
    [[ $2 == "$3" ]] || fail "$1:"$'\n'"expected: $2"$'\n'"actual:   $3"
}

# refuses STATUS PATTERN COMMAND...: it ends with that status and one line on standard error that matches; the input
# is ours, standard output goes to the file `out`.
refuses() {
    local status=0 wanted=$1 pattern=$2
    shift 2
    "$@" >out 2>err || status=$?
    [[ $status == "$wanted" ]] || fail "$*: exit status $status instead of $wanted: $(cat err)"
    [[ $(wc -l <err) == 1 && $(cat err) == $pattern ]] || fail "$*: complains: $(cat err)"
}

# A little model, trained for a moment by the program itself: `model`, from the corpus `corpus`.
make_model() {
    for name in Rome Oslo Bern; do
        printf '%s\tB-LOC\nis\tO\nfar\tO\n.\tO\n\nAnna\tB-PER\nBell\tI-PER\nlives\tO\nin\tO\n%s\tB-LOC\n\n' $name $name
    done >corpus
    printf '%s\n' '[PAD]' '[UNK]' '[CLS]' '[SEP]' '[MASK]' {a..z} '##'{a..z} . / >vocab
    cat >config.json <<'JSON'
{"model_type": "bert", "vocab_size": 59, "hidden_size": 24, "num_hidden_layers": 1, "num_attention_heads": 2,
 "intermediate_size": 48, "max_position_embeddings": 24, "hidden_act": "gelu"}
JSON
    "$quiesce" train --init config.json --vocab vocab --uncased --train corpus --valid corpus --out model \
        --max-length 24 --epochs 30 --lr 0.003 --threads 1 >train.log 2>&1 || fail "no model: $(cat train.log)"
}
