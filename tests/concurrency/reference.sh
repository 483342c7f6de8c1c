#!/bin/sh
# reference.sh BUILD: the API reference comes without a warning, and each function that a user calls has a man page: those
# that the shared library exports and those inline in a header, but for the slow halves of inline ones.
set -eu
build=$1
cmake --build "$build" --target docs >"$build/docs.log" 2>&1 || { cat "$build/docs.log"; exit 1; }
pages=$build/docs/man/man3
inputs=$(sed -n 's/^INPUT  *= //p' "$build/concurrency/Doxyfile")
# shellcheck disable=SC2086
functions=$(nm -D --defined-only "$build/concurrency/libquiesce.so" | awk '{print $3}'
    sed -nE '/^static inline/s/^[^(]*\b(qsc_[a-z0-9_]+)\(.*/\1/p' $inputs)
[ "$(echo "$functions" | wc -l)" -gt 100 ]
missing=
for function in $functions; do
    case $function in *_slow) continue ;; esac
    [ -s "$pages/$function.3" ] || missing="$missing $function"
done
[ -z "$missing" ] || { echo "no man page:$missing"; exit 1; }
