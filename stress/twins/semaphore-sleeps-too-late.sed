# file: concurrency/semaphore.c
# bug: the head of the line sleeps on what it sees after it looked for units (and dawdles in between)
# killed-by: native tsan
s/error = qsc_cancel_wait\(&semaphore->state, seen, deadline, cancel\);/for (int i = 0; i < 1000; i++)\n            qsc_port_pause();\n        error = qsc_cancel_wait(\&semaphore->state, atomic_load_explicit(state, memory_order_relaxed), deadline, cancel);/
