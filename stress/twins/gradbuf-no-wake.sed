# file: concurrency/gradbuf_ordered.c
# bug: nobody is woken when a contribution is added
# scenario: shard-waits
# killed-by: native asan tsan tsan-bare explore
/^static void finish_contribution/,/^}/{
/qsc_eventcount_notify/d
}
