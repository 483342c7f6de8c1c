#!/bin/sh
# installed.sh BUILD CC CXX: what an outside user gets: each installed header stands alone in C and in C++; the first
# example of docs/toolkit.md, the whole one, builds by pkg-config as it says there and runs; so do the two projects in
# outside/, in C by pkg-config, in C++ by find_package, each with the shared and with the static library; and the shared
# library exports what the headers declare and nothing else.
set -eu
build=$1 cc=$2 cxx=$3
source=$(cd "$(dirname "$0")/../.." && pwd)
prefix=$(mktemp -d)
trap 'rm -rf "$prefix"' EXIT

cmake --install "$build/concurrency" --prefix "$prefix" >/dev/null
PKG_CONFIG_PATH=$(dirname "$(find "$prefix" -name quiesce.pc)")
export PKG_CONFIG_PATH
flags=$(pkg-config --cflags quiesce)
libs=$(pkg-config --libs quiesce)
libdir=$(dirname "$PKG_CONFIG_PATH")
export LD_LIBRARY_PATH="$libdir"

headers=$(cd "$prefix/include" && find . -name '*.h')
[ -n "$headers" ]
for header in $headers; do
    # shellcheck disable=SC2086
    {
        printf '#include <%s>\n' "$header" | "$cc" -std=c11 -D_GNU_SOURCE -Wall -Wextra -Werror $flags -fsyntax-only -x c -
        printf '#include <%s>\n' "$header" | "$cxx" -std=c++17 -Wall -Wextra -Werror $flags -fsyntax-only -x c++ -
    }
done

sed -n '/^```c$/,/^```$/{/^```c$/d;/^```$/q;p;}' "$source/docs/toolkit.md" >"$prefix/example.c"
cp "$prefix/example.c" "$prefix/example.cc"
# shellcheck disable=SC2086
{
    "$cc" -O2 "$prefix/example.c" $flags $libs -o "$prefix/example-c"
    "$cxx" -std=c++17 -O2 "$prefix/example.cc" $flags $libs -o "$prefix/example-cxx"
}
[ "$("$prefix/example-c")" = 200000 ]
[ "$("$prefix/example-cxx")" = 200000 ]

outside=$source/tests/concurrency/outside
# shellcheck disable=SC2046,SC2086
{
    "$cc" -std=c11 "$outside/outside.c" $flags $libs -o "$prefix/shared"
    "$cc" -std=c11 -static "$outside/outside.c" $(pkg-config --static --cflags --libs quiesce) -o "$prefix/static"
}
[ "$("$prefix/shared")" = 10 ]
[ "$("$prefix/static")" = 10 ]
cmake -S "$outside" -B "$prefix/outside" -DCMAKE_PREFIX_PATH="$prefix" -DCMAKE_CXX_COMPILER="$cxx" >/dev/null
cmake --build "$prefix/outside" >/dev/null
[ "$("$prefix/outside/with-quiesce")" = 10 ]
[ "$("$prefix/outside/with-quiesce-static")" = 10 ]
links() { ldd "$1" | grep -c "libquiesce.so.$(pkg-config --modversion quiesce | cut -d. -f1,2)" || true; }
[ "$(links "$prefix/shared")$(links "$prefix/outside/with-quiesce")" = 11 ]
[ "$(links "$prefix/outside/with-quiesce-static")" = 0 ]

# Declared: what a statement outside of braces names before its parameters, or as a variable, unless it is static.
for header in $headers; do printf '#include <%s>\n' "$header"; done >"$prefix/all.c"
# shellcheck disable=SC2086
"$cc" -std=c11 -D_GNU_SOURCE -E $flags "$prefix/all.c" |
    awk '/^# [0-9]+ /{ours = /quiesce\/concurrency/; next} ours' | tr '\n' ' ' | sed 's/[{};]/\n&\n/g' |
    awk '/^\{$/{depth++} /^\}$/{depth--} /^;$/ && !depth{print statement} {statement = $0}' |
    sed -E '/\b(static|typedef)\b/d; s/__attribute__ *\(\(([^()]|\([^()]*\))*\)\)//g' |
    sed -nE -e 's/^[^(]*\b(qsc_[a-z0-9_]+) *\(.*/\1/p' -e 's/^ *extern [^(]*\b(qsc_[a-z0-9_]+)( *\[[^]]*\])? *$/\1/p' |
    sort >"$prefix/declared"
nm -D --defined-only "$libdir/libquiesce.so" | awk '{print $3}' | sort >"$prefix/exported"
[ "$(wc -l <"$prefix/exported")" -gt 50 ]
diff "$prefix/declared" "$prefix/exported" # < declared but not exported, > exported but not declared
