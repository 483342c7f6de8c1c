# file: concurrency/spsc.c
# bug: a push publishes its position by a store: it may undo a close (preempted before, as planted too)
# killed-by: native asan explore
/^static int trypush/,/^}/{
s/^    \/\/ Nobody else moves.*/    extern int sched_yield(void);\n    if (position % 4 == 0)\n        (void)sched_yield();\n    atomic_store_explicit(\&queue->push.next, position + 1, memory_order_seq_cst);\n    return 0;\n&/
}
