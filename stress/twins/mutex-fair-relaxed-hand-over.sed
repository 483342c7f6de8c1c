# file: concurrency/mutex.c
# bug: a hand-over does not release
# killed-by: tsan-bare explore
# scenario: locks-again
/^void qsc_mutex_unlock_fair_slow/,/^}/s/memory_order_release/memory_order_relaxed/
