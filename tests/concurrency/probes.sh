#!/bin/sh
# probes.sh LIBRARY: the probes that docs/observe.md lists are in the library, and no others. Skipped where the library
# was built without <sys/sdt.h>.
set -eu
page=$(dirname "$0")/../../docs/observe.md
there=$(readelf -n "$1" | sed -n '/Provider: quiesce$/{n;s/^ *Name: //p;}' | sort -u)
[ -n "$there" ] || exit 77
listed=$(sed -n 's/^| `quiesce:\([a-z_]*\)` .*/\1/p' "$page" | sort)
[ "$there" = "$listed" ] || { printf 'in the library:\n%s\nin the page:\n%s\n' "$there" "$listed" >&2; exit 1; }
