# file: concurrency/rwlock.c
# bug: read unlock does not release: a later writer may overtake the reader
# killed-by: tsan-bare explore genmc
/^static void leave/,/^}/s/memory_order_release/memory_order_relaxed/
