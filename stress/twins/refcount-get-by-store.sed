# file: concurrency/refcount.h
# bug: a reference is added by a store, whoever put one since the count was read (and is preempted, so that someone does)
# killed-by: native explore
/^    \} while \(!__atomic_compare_exchange_n/,/__ATOMIC_RELAXED\)\);/c\
    } while (0);\
    sched_yield();\
    __atomic_store_n(\&refcount->count, seen + 1, __ATOMIC_RELAXED);
s/#include <stdint.h>/&\n#include <sched.h>/
