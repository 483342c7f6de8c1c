# file: concurrency/reclaimer.c
# bug: a barrier does not count what is still waiting for its grace period
# killed-by: native
/^static uint64_t gone/,/^}/s/if \(reclaimer->retired.oldest\)/if (false)/
/^static uint64_t gone/,/^}/s/^    if \(reclaimer->waiting.oldest\)/    if (false)/
