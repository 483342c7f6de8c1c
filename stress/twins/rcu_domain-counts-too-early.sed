# file: concurrency/reclaimer.c
# bug: an object makes room before it is destroyed
# killed-by: explore genmc
s/if \(!held && destroy\(node\)\)/if (!held)/
s/^            forget\(reclaimer, bytes\);/&\n            while (!destroy(node))\n                continue;/
