# file: concurrency/semaphore.c
# bug: a post looks for waiters after the units are another thread's, which may have freed the semaphore (and dawdles, so that it can): glibc's bug 12674
# killed-by: asan
s/^    if \(before & HEAD\)/    for (int i = 0; i < 1000; i++)\n        qsc_port_pause();\n    if (atomic_load_explicit(state_of(semaphore), memory_order_relaxed) \& HEAD)/
