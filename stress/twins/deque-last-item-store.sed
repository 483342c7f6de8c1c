# file: concurrency/deque.c
# bug: take moves the top by a store where a thief may want the same, last item
# killed-by: native asan tsan tsan-bare explore
/^void \*qsc_deque_take/,/^}/{
s/if \(!atomic_compare_exchange_strong_explicit\(&deque->top, &top, top \+ 1, memory_order_release,/atomic_store_explicit(\&deque->top, top + 1, memory_order_seq_cst);/
/^ *memory_order_relaxed\)\)$/d
/^ *item = NULL;$/d
}
