# file: concurrency/condvar.c
# bug: a waiter reads the sequence when it has given the mutex back (preempted in between, as planted too)
# killed-by: native tsan genmc
s/^    uint32_t seen = atomic_load_explicit\(sequence_of\(condvar\), memory_order_relaxed\);//
s/^    qsc_mutex_unlock\(mutex\);/&\n    for (int i = 0; i < 1000; i++)\n        qsc_port_pause();\n    uint32_t seen = atomic_load_explicit(sequence_of(condvar), memory_order_relaxed);/
