# file: concurrency/gradbuf.c
# bug: nobody is woken when all is given up
# killed-by: explore
# scenario: abort-wakes
/^void qsc_gradbuf_abort/,/^}/{
/qsc_eventcount_notify/d
}
