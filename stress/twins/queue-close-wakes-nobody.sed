# file: concurrency/queue.c
# bug: close does not wake the consumers
# killed-by: native asan tsan tsan-bare explore
/qsc_eventcount_notify\(&queue->filled, UINT32_MAX\);/d
