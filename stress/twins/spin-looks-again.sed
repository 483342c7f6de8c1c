# file: concurrency/spin.c
# bug: unlock of the TAS lock reads it after it let go of it, when another thread may have freed it (and every second one sleeps there, so that it can)
# killed-by: asan
/^void qsc_tas_unlock/,/^}/s/^( *__atomic_store_n.*)$/\1\n    static unsigned unlocks;\n    if (__atomic_fetch_add(\&unlocks, 1, __ATOMIC_RELAXED) % 2)\n        nanosleep(\&(struct timespec){.tv_nsec = 1000000}, NULL);\n    (void)__atomic_load_n(\&lock->locked, __ATOMIC_RELAXED);/
