# file: concurrency/spin.c
# bug: the TAS lock does not acquire
# killed-by: tsan-bare genmc
/^static bool tas_take/,/^}/s/__ATOMIC_ACQUIRE/__ATOMIC_RELAXED/
