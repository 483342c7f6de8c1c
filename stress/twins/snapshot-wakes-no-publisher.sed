# file: concurrency/reclaimer.c
# bug: a publisher who waits is not told that a version was destroyed
# scenario: publish-waits
# killed-by: native asan tsan tsan-bare explore
/^static void forget/,/^}/s/qsc_event_signal_unlock\(reclaimer, &reclaimer->progress\);/qsc_mutex_unlock(\&reclaimer->lock);/
