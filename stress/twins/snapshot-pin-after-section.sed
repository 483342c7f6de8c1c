# file: concurrency/snapshot.c
# bug: the pin is stored after the read section (with a yield in between, for the window is two instructions)
# killed-by: native asan tsan tsan-bare explore
/atomic_store_explicit\(slot, version, memory_order_release\)/d
/^static inline int pin_version/,/^}/s/qsc_rcu_read_unlock\(\);/&\n    sched_yield();\n    atomic_store_explicit(slot, version, memory_order_release);/
