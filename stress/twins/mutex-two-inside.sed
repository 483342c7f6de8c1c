# file: concurrency/mutex.c
# bug: a waiter takes the mutex by a store, whoever took it since it looked (and dawdles, so that someone does)
# killed-by: native tsan explore
/^static int wait\(/,/^}/{
s/if \(atomic_compare_exchange_weak_explicit\(word, &seen, next, memory_order_acquire,/for (int i = 0; i < 300; i++)\n                qsc_port_pause();\n            atomic_store_explicit(word, next, memory_order_release);/
s/^ *memory_order_relaxed\)\)$//
}
