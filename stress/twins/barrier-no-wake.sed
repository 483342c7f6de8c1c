# file: concurrency/barrier.c
# bug: the last to come wakes nobody
# killed-by: native tsan
s/qsc_port_futex_wake\(&barrier->state, INT_MAX\);/(void)barrier;/
