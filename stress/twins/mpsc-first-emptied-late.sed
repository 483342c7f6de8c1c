# file: concurrency/mpsc.c
# bug: the consumer empties first after it has given the back up, when a push may have set it (preempted in between, as planted too)
# killed-by: native explore
s/^    \*node = oldest;/    extern int sched_yield(void);\n    if (!next) {\n        (void)sched_yield();\n        atomic_store_explicit(first_of(queue), NULL, memory_order_relaxed);\n    }\n&/
