# file: concurrency/gradbuf_ordered.c
# bug: contributions are added in the order of their arrival
# killed-by: native asan tsan tsan-bare explore
/^struct slot \*qsc_gradbuf_take_slot/,/^}/{
s/uint64_t ticket = .*/static _Atomic uint64_t arrivals;\n    uint64_t ticket = arrival = buffers->base + atomic_fetch_add(\&arrivals, 1) % buffers->contributions;/
}
/^void qsc_gradbuf_commit_ordered/,/^}/s/uint64_t ticket = .*/uint64_t ticket = arrival;(void)index;/
s/^struct slot \*qsc_gradbuf_take_slot/static _Thread_local uint64_t arrival;\n&/
