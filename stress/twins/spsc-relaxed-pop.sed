# file: concurrency/spsc.c
# bug: pop does not release the slot that it has read
# killed-by: tsan tsan-bare explore genmc
/^int qsc_spsc_trypop/,/^}/s/memory_order_release/memory_order_relaxed/
