# file: concurrency/reclaimer.c
# bug: a version stops counting before its destructor has run
# scenario: publish-waits
# killed-by: native asan tsan tsan-bare explore
s/if \(!held && destroy\(node\)\)/if (!held)/
s/^            forget\(reclaimer, bytes\);/&\n            while (!destroy(node))\n                continue;/
