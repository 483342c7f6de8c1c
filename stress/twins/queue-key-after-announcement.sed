# file: concurrency/eventcount.c
# bug: a waiter reads the epoch after it announced itself: it may be counted as notified and yet fall asleep (preempted in between, as planted too)
# killed-by: native asan tsan tsan-bare explore
s/^    return key;/    extern int sched_yield(void);\n    (void)sched_yield(), (void)key;\n    return atomic_load_explicit(\&event->epoch, memory_order_relaxed);/
