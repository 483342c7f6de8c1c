# file: concurrency/rcu_domain.c
# bug: the thread is not told of what was deferred
# killed-by: explore genmc
s/qsc_event_signal_unlock\(reclaimer, &reclaimer->work\)/qsc_mutex_unlock(\&reclaimer->lock)/
