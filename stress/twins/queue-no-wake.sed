# file: concurrency/queue.c
# bug: a pop wakes no producer
# killed-by: native asan tsan tsan-bare explore
/qsc_eventcount_notify\(&queue->freed, 1\);/d
