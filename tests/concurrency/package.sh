#!/bin/sh
# package.sh BUILD CC: the Debian packages that cpack makes: what each holds and depends on, and that a program is compiled and
# run with the two alone.
set -eu
build=$1 cc=$2
source=$(cd "$(dirname "$0")/../.." && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

cpack --config "$build/CPackConfig.cmake" -B "$scratch" >"$scratch/log" 2>&1 || { cat "$scratch/log"; exit 1; }
runtime=$(echo "$scratch"/libquiesce[0-9]*.deb)
development=$(echo "$scratch"/libquiesce-dev_*.deb)

expect() { # expect PACKAGE FIELD PATTERN
    dpkg-deb -f "$1" "$2" | grep -Eq "$3" || { echo "$1: $2 lacks $3"; exit 1; }
}
package=$(dpkg-deb -f "$runtime" Package)
version=$(dpkg-deb -f "$runtime" Version)
expect "$runtime" Depends 'libc6 \(.*liburcu[0-9]+ \('
expect "$development" Depends "$package \(= $version\).*liburcu-dev"
dpkg-deb -I "$runtime" shlibs | grep -qx "libquiesce ${package#libquiesce} $package (>= $version)"
dpkg-deb -I "$runtime" triggers | grep -qx 'activate-noawait ldconfig'

files() { dpkg-deb -c "$1" | sed -nE 's/^[^d].* \.(\/[^ ]*)( -> .*)?$/\1/p'; }
files "$runtime" | grep -vE '/libquiesce\.so\.|/usr/share/doc/' && { echo "$runtime holds more than the library"; exit 1; }
for wanted in /mutex.h /libquiesce.a /libquiesce.so /quiesce.pc /quiesceConfig.cmake /copyright /changelog.gz; do
    files "$development" | grep -q "$wanted\$" || { echo "$development lacks $wanted"; exit 1; }
done

dpkg-deb -x "$runtime" "$scratch/root"
dpkg-deb -x "$development" "$scratch/root"
libdir=$(dirname "$(find "$scratch/root" -name libquiesce.a)")
# shellcheck disable=SC2046
"$cc" -std=c11 "$source/tests/concurrency/outside/outside.c" -o "$scratch/outside" \
    $(PKG_CONFIG_PATH=$libdir/pkgconfig pkg-config --cflags --libs quiesce)
[ "$(LD_LIBRARY_PATH=$libdir "$scratch/outside")" = 10 ]
