# file: concurrency/spin.c
# bug: unlock of the TAS lock does not release
# killed-by: tsan-bare genmc
/^void qsc_tas_unlock/,/^}/s/__ATOMIC_RELEASE/__ATOMIC_RELAXED/
