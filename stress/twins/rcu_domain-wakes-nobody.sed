# file: concurrency/reclaimer.c
# bug: who waits for room is not told that something was destroyed
# killed-by: explore genmc
/^static void forget/,/^}/s/qsc_event_signal_unlock\(reclaimer, &reclaimer->progress\);/qsc_mutex_unlock(\&reclaimer->lock);/
