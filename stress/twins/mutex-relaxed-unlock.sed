# file: concurrency/mutex.h
# bug: unlock does not release what was done inside
# killed-by: tsan-bare explore genmc
/^static inline void qsc_mutex_unlock\(/,/^}/s/__ATOMIC_RELEASE/__ATOMIC_RELAXED/
