# file: concurrency/gradbuf_unordered.c
# bug: nobody is woken by the last commit
# killed-by: native explore
/qsc_eventcount_notify/d
