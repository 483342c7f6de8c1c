# file: concurrency/condvar.c
# bug: a thread whose deadline passed comes back without the mutex
# killed-by: native tsan tsan-bare
s/^    qsc_mutex_lock\(mutex\);/    if (error != ETIMEDOUT)\n        qsc_mutex_lock(mutex);/
