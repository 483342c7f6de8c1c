# file: concurrency/once.c
# bug: who ran the function looks for waiters after the object may have been freed (and dawdles, so that it can)
# killed-by: asan
s/^    if \(atomic_exchange_explicit\(word_of\(once\), DONE, memory_order_release\) == AWAITED\)/    bool awaited = atomic_exchange_explicit(word_of(once), DONE, memory_order_release) == AWAITED;\n    for (int i = 0; i < 1000; i++)\n        qsc_port_pause();\n    if (awaited \&\& qsc_once_done(once))/
