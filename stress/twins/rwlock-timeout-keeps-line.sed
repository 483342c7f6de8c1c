# file: concurrency/rwlock.c
# bug: a head of the line that gives up does not let the next one up
# killed-by: native tsan explore
/atomic_fetch_and_explicit\(state, ~HEAD/,/break;/s/break;/return error;/
