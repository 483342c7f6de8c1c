# file: concurrency/gradbuf_unordered.c
# bug: ranges are added to a block without its lock
# scenario: striped
# killed-by: tsan explore
/qsc_mutex_(un)?lock/d
