# file: concurrency/reclaimer.c
# bug: a version stops counting before its destructor has run
# scenario: publish-waits
# killed-by: native asan tsan tsan-bare explore
s/if \(!pinned && destroy\(version\)\)/if (!pinned)/
s/^            forget\(writer, version\);/            struct version gone = *version;\n&\n            while (!destroy(\&gone))\n                continue;/
