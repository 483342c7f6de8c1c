# file: concurrency/spin.c
# bug: the TAS lock is taken by a store, whoever took it since it looked (and is preempted, so that someone does)
# killed-by: native tsan
/^static bool tas_take/,/^}/{
s/uint32_t unlocked = 0;/if (__atomic_load_n(\&lock->locked, __ATOMIC_RELAXED))\n        return false;\n    qsc_port_yield();\n    __atomic_store_n(\&lock->locked, 1, __ATOMIC_RELAXED);\n    return true;/
/acquire: pairs/,/__ATOMIC_RELAXED\);/d
}
