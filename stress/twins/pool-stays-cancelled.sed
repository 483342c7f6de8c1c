# file: concurrency/pool_task.c
# bug: a group is still cancelled after the wait for it
# killed-by: native
/^static void empty/,/^}/{
/fetch_sub/d
s/^    if \((.*state.*)\)$/    uint64_t kept = \1;/
s/state, 0,/state, kept,/
}
