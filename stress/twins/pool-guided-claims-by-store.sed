# file: concurrency/parallel_for.c
# bug: a guided loop takes its chunks by a load and a store: two threads take the same
# killed-by: native explore
# scenario: guided-loop
/^static void take_shares/,/^}/{
s/atomic_compare_exchange_weak_explicit\(next, &first, (first \+ count), memory_order_relaxed,/(atomic_store_explicit(next, \1, memory_order_relaxed), true)) {/
/^ +memory_order_relaxed\)\) \{$/d
}
