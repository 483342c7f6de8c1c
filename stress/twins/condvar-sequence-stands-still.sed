# file: concurrency/condvar.c
# bug: a signal does not move the sequence: who is just falling asleep misses it (preempted there, as planted too)
# killed-by: native tsan genmc
s/atomic_fetch_add_explicit\(sequence_of\(condvar\), 1, memory_order_relaxed\);//
s/^    qsc_mutex_unlock\(mutex\);/&\n    for (int i = 0; i < 1000; i++)\n        qsc_port_pause();/
