# file: concurrency/snapshot.c
# bug: publish_if compares before it takes the lock (and sleeps in between, for the window is a few instructions)
# killed-by: native asan tsan tsan-bare
/^static int publish_now/,/^}/{
s/^    qsc_mutex_lock\(&writer->lock\);/    bool stale = expected \&\& *expected != current_id(cell);\n    nanosleep(\&(struct timespec){.tv_nsec = 50000}, NULL);\n&/
s/int error = expected && \*expected != current_id\(cell\) \? ESTALE/int error = stale ? ESTALE/
}
