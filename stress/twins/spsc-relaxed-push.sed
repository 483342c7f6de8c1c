# file: concurrency/spsc.c
# bug: push does not release the item
# killed-by: tsan tsan-bare explore genmc
/^int qsc_spsc_trypush/,/^}/s/memory_order_release/memory_order_relaxed/
