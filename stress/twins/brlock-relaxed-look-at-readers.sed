# file: concurrency/brlock.c
# bug: a writer that finds nobody does not acquire what readers did
# killed-by: tsan-bare genmc
/^static bool is_empty/,/^}/s/__ATOMIC_SEQ_CST/__ATOMIC_RELAXED/
