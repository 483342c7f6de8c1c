# file: concurrency/pool_blocking.c
# bug: a spare thread that is not needed any more sleeps with tasks in its deque
# killed-by: native
/qsc_pool_lay_down\(slot\);/d
