# file: concurrency/gradbuf_ordered.c
# bug: two threads may add to one block (preempted in between, as planted too)
# killed-by: tsan tsan-bare explore
/^static void add_due/,/^}/{
s/if \(!atomic_compare_exchange_strong_explicit\(&block->turn, &turn, turn \+ 1, memory_order_relaxed,/extern int sched_yield(void);\n        if (sched_yield())/
/^ *memory_order_relaxed\)\)$/d
}
