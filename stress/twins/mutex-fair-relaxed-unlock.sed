# file: concurrency/mutex.h
# bug: a fair unlock of a mutex without waiters does not release
# killed-by: explore
# scenario: handed-over
/^static inline void qsc_mutex_unlock_fair/,/^}/s/__ATOMIC_RELEASE/__ATOMIC_RELAXED/
