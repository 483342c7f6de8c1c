# file: concurrency/reclaimer.c
# bug: a version stops counting before its destructor has run
# killed-by: native asan tsan tsan-bare explore
/^static void destroy/,/^}/{
/^    if \(version->destroy\)/d
/^        version->destroy\(/d
s/^    qsc_free\(version\);/    if (version->destroy)\n        version->destroy((void *)version->published.object);\n&/
}
