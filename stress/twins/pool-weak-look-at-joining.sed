# file: concurrency/pool_task.c
# bug: a spawn looks with acquire whether anybody waits: before its push is seen
# killed-by: explore
# scenario: helper
s/\(&pool->asleep\[SLOT_JOINING\], memory_order_seq_cst\)/(\&pool->asleep[SLOT_JOINING], memory_order_acquire)/
