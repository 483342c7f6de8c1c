# file: concurrency/seqlock.c
# bug: a writer takes its turn by a store, whoever took it since it looked (and is preempted, so that someone does)
# killed-by: native tsan
/^static bool take/,/^}/{
s/^    return .*/    if (sequence \& 1)\n        return false;\n    qsc_port_yield();\n    __atomic_store_n(\&lock->sequence, sequence + 1, __ATOMIC_RELAXED);\n    return true;/
s/^ {10,}__ATOMIC_ACQUIRE.*//
}
