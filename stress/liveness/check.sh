#!/bin/sh
# check.sh MODEL.pml: what its head says: that each property it "holds:" does, in every execution in which no thread
# that could go on stands still for ever (weak fairness), and that each "twin:", the model with one bug switched on,
# violates the property named. Needs spin; without it the status is 77.
set -eu
model=$(realpath "$1")
command -v spin >/dev/null || { echo "spin is not installed: skipped" && exit 77; }
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cp "$(dirname "$model")"/*.pml "$scratch"
cd "$scratch"

# verify PROPERTY [-DBUG]: pan's report. Its exit status says nothing.
verify() {
    spin -a ${2-} "$(basename "$model")" >spin.log 2>&1 || { cat spin.log && exit 1; }
    ${CC:-cc} -w -DNFAIR=4 -DVECTORSZ=2048 -o pan pan.c
    ./pan -a -f -m3000000 -w24 -N "$1" >report 2>&1
    grep -q '^State-vector.*errors: ' report && ! grep -q 'error: max search depth' report || { cat report && exit 1; }
}
said() { sed -nE 's/^State-vector .*errors: ([0-9]+).*/\1/p' report; }
states() { sed -nE 's/^ *([0-9]+) states, stored.*/\1/p' report; }

failed=0
sed -nE 's/^ \* (holds|twin): *([A-Z_a-z]+) +(.*[^ \/*]).*$/\1 \2 \3/p' "$model" >claims
while read -r kind name text; do
    case $kind in
    holds)
        verify "$name"
        [ "$(said)" = 0 ] && verdict=holds || verdict=VIOLATED failed=1
        echo "$verdict: $name: $text ($(states) states)"
        ;;
    twin)
        verify "${text%% *}" "-D$name"
        [ "$(said)" != 0 ] && verdict=caught || verdict=MISSED failed=1
        echo "$verdict by ${text%% *}: $(echo "${text#* }" | sed 's/^ *//')"
        ;;
    esac
done <claims
grep -q '^holds' claims && grep -q '^twin' claims && exit $failed
