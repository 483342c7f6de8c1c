# file: concurrency/pool.c
# bug: the spare threads are not woken to end with the pool
# killed-by: explore
# scenario: blocking
s/\(void\)qsc_pool_wake\(&pool->slots\[i\], SLOT_SPARE\)/continue/
