# file: concurrency/pool.c
# bug: leaving slot 0 does not release it
# scenario: two-guests
# killed-by: tsan tsan-bare explore
s/(&pool->guest_inside, false, )memory_order_seq_cst/\1memory_order_relaxed/
