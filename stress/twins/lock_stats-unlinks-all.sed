# file: concurrency/lock_stats.c
# bug: those before it in the list go, too, when one is detached
# killed-by: native
s/^    if \(before == stats\) \{$/    if (before) {/
