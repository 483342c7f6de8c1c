# file: concurrency/gradbuf_unordered.c
# bug: nobody is woken by the last commit
# scenario: unordered-sum-waits
# killed-by: native explore
/qsc_eventcount_notify/d
