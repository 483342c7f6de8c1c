# file: concurrency/mpmc.c
# bug: a push claims its position by a store (preempted before, as planted too)
# killed-by: native asan tsan tsan-bare explore
/^static int put/,/^}/{
s/^    do \{/    extern int sched_yield(void);\n&/
s/while \(!atomic_compare_exchange_weak_explicit\(&queue->pushes, ticket, \*ticket \+ 2, memory_order_relaxed,/while (*ticket % 8 == 0 ? sched_yield() : 0, atomic_store_explicit(\&queue->pushes, *ticket + 2, memory_order_relaxed), 0);/
/^ *memory_order_relaxed\)\);$/d
}
