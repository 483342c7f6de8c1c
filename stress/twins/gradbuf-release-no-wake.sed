# file: concurrency/gradbuf.c
# bug: nobody is woken when an accumulator is released
# killed-by: explore
# scenario: open-waits
/^void qsc_gradbuf_release/,/^}/{
/qsc_eventcount_notify/d
}
