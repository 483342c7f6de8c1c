# file: concurrency/reclaimer.c
# bug: the grace period passes before the thread waits for replaced versions, not after
# scenario: replace-in-section
# killed-by: native asan tsan tsan-bare explore
s/uint64_t ns = grace_period\(\);/uint64_t ns = 0;/
s/^        if \(look.unfinished \|\| has_work\(reclaimer\)\)/        qsc_mutex_unlock(\&reclaimer->lock);\n        (void)grace_period();\n        qsc_mutex_lock(\&reclaimer->lock);\n&/
