# file: concurrency/gradbuf_ordered.c
# bug: a shard is free again when the first of its blocks has been added
# scenario: two-blocks
# killed-by: native asan tsan tsan-bare explore
s/if \(atomic_fetch_sub_explicit\(&slot->blocks_left, 1, memory_order_acq_rel\) == 1\)/if (atomic_fetch_sub_explicit(\&slot->blocks_left, 1, memory_order_acq_rel) == buffers->block_count)/
