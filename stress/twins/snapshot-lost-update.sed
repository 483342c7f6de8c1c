# file: concurrency/snapshot.c
# bug: publish_if compares before it takes the lock (and sleeps in between, for the window is a few instructions)
# killed-by: native asan tsan tsan-bare
/^static int publish_now/,/^}/{
/^    qsc_mutex_lock\(&writer->reclaimer.lock\);/d
s/^    bool stale = .*/&\n    nanosleep(\&(struct timespec){.tv_nsec = 50000}, NULL);\n    qsc_mutex_lock(\&writer->reclaimer.lock);/
}
