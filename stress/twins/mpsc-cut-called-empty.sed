# file: concurrency/mpsc.c
# bug: a pop takes the last node that it sees although a push behind it is under way (preempted half way, as planted too)
# killed-by: asan explore
s/^    if \(!next && !atomic_compare_exchange/    (void)sched_yield();\n    if (0 \&\& !atomic_compare_exchange/
s/\(back & ~CLOSED\) != \(uintptr_t\)oldest/0/
s/^    \/\/ release: pairs with the loads in trypop/    extern int sched_yield(void);\n    if ((uintptr_t)node % 64 == 0)\n        (void)sched_yield();/
s/^    \*node = oldest;/    if (!next)\n        atomic_store_explicit(back_of(queue), 0, memory_order_release);\n&/
1i extern int sched_yield(void);
