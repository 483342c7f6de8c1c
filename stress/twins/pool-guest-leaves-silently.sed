# file: concurrency/pool.c
# bug: a foreign thread that leaves slot 0 wakes nobody who waits for it
# scenario: two-guests
# killed-by: native asan tsan tsan-bare explore
/qsc_eventcount_notify\(&pool->guests, UINT32_MAX\);/d
