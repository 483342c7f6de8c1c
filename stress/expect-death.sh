#!/bin/sh
# expect-death.sh TWIN BUG...: succeeds when the twin dies of its bug, and shows how. A bug that needs an unlucky
# schedule gets several runs; a twin that survives them all, or that dies of something else, is a failure.
set -u
twin=$1
shift
RUNS=20
log=$(mktemp)
trap 'rm -f "$log"' EXIT
export STRESS_HANG=1 TSAN_OPTIONS=halt_on_error=1 ASAN_OPTIONS=detect_leaks=1 UBSAN_OPTIONS=print_stacktrace=1

run=1
while [ $run -le $RUNS ]; do
    "$twin" >"$log" 2>&1
    status=$?
    cause=$(grep -m1 -E '^SUMMARY: [A-Za-z]+Sanitizer|runtime error: |Assertion .* failed|^watchdog: ' "$log")
    if [ -n "$cause" ]; then
        echo "planted: $*"
        echo "killed in run $run by: $cause"
        sed -n '/Sanitizer: /,/^$/p' "$log" | head -40
        exit 0
    fi
    if [ $status -eq 139 ] || [ $status -eq 135 ]; then
        echo "planted: $*"
        echo "killed in run $run by: signal $((status - 128)) (invalid memory)"
        exit 0
    fi
    if [ $status -ne 0 ] && ! grep -q '^too few' "$log"; then
        echo "exit status $status without an oracle's word; planted: $*"
        cat "$log"
        exit 1
    fi
    run=$((run + 1))
done
echo "SURVIVED $RUNS runs: $*"
cat "$log"
exit 1
