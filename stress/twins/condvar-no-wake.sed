# file: concurrency/condvar.c
# bug: a signal and a broadcast wake nobody
# killed-by: native tsan genmc
s/qsc_port_futex_wake\(&condvar->sequence, count\);/(void)count;/
