#!/bin/sh
# installed.sh BUILD CC CXX: what an outside user gets: each installed header stands alone in C and in C++, and the
# first example of docs/toolkit.md, the whole one, builds by pkg-config as it says there and runs.
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
