# file: concurrency/lock_stats.c
# bug: long waits are left to chance, too
# killed-by: native
/^    if \(ns >= SHORT_NS\)$/,/return/d
