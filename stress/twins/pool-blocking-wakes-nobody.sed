# file: concurrency/pool_blocking.c
# bug: a blocking section brings in no spare thread
# killed-by: native explore
# scenario: blocking
/^ +\(void\)qsc_pool_wake\(.*SPARE/s/\(void\)qsc.*/;/
