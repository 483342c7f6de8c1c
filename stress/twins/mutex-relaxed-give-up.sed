# file: concurrency/mutex.c
# bug: a thread that takes the free mutex although its deadline passed does not acquire
# scenario: deadline-passes
# killed-by: tsan-bare explore genmc
/^static int give_up/,/^}/s/memory_order_acquire/memory_order_relaxed/
