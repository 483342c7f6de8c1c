# file: concurrency/gradbuf_unordered.c
# bug: a float is stored, whatever was added to it since it was read (and the thread is preempted, so that something is)
# scenario: atomic
# killed-by: native explore
s/while \(!__atomic_compare_exchange_n\(at, &seen, next, true, __ATOMIC_RELAXED, __ATOMIC_RELAXED\)\);/while (0);\n    extern int sched_yield(void);\n    if (at[0] % 64 == 0)\n        sched_yield();\n    __atomic_store_n(at, next, __ATOMIC_RELAXED);/
