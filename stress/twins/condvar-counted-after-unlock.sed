# file: concurrency/condvar.c
# bug: a waiter counts itself when it has given the mutex back (preempted in between, as planted too)
# killed-by: native tsan
s/^    atomic_fetch_add_explicit\(waiting_of\(condvar\), 1, memory_order_relaxed\);//
s/^    qsc_mutex_unlock\(mutex\);/&\n    for (int i = 0; i < 1000; i++)\n        qsc_port_pause();\n    atomic_fetch_add_explicit(waiting_of(condvar), 1, memory_order_relaxed);/
