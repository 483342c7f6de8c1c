# file: concurrency/pool_sleep.c
# bug: a spawn looks for idle workers with acquire: before its push is seen
# scenario: idle-worker
# killed-by: explore
s/\(&pool->asleep\[SLOT_IDLE\], memory_order_seq_cst\)/(\&pool->asleep[SLOT_IDLE], memory_order_acquire)/
