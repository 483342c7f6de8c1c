# file: concurrency/eventcount.c
# bug: a notification does not move the epoch: who is just falling asleep misses it (preempted there, as planted too)
# killed-by: native asan tsan tsan-bare explore
/atomic_fetch_add_explicit\(&event->epoch/d
s/^    int error = qsc_cancel_wait/    extern int sched_yield(void);\n    (void)sched_yield();\n&/
