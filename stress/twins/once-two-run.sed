# file: concurrency/once.c
# bug: two threads that find it fresh both run the function (and dawdle, so that they do)
# killed-by: native tsan tsan-bare
s/^    if \(!atomic_compare_exchange_strong_explicit\(word_of\(once\), &seen, RUNNING, memory_order_relaxed,$/    seen = atomic_load_explicit(word_of(once), memory_order_relaxed);\n    for (int i = 0; i < 300; i++)\n        qsc_port_pause();\n    if (seen != FRESH)/
s/^ *memory_order_relaxed\)\)$//
