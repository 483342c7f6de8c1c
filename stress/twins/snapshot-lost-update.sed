# file: concurrency/snapshot.c
# bug: publish_if compares before it takes the lock
# killed-by: native asan tsan tsan-bare
/^static int publish_now/,/^}/{
s/^    qsc_mutex_lock\(&writer->lock\);/    bool stale = expected \&\& *expected != current_id(cell);\n    sched_yield();\n&/
s/int error = expected && \*expected != current_id\(cell\) \? ESTALE/int error = stale ? ESTALE/
}
