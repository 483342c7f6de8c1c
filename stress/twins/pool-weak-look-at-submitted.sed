# file: concurrency/pool_task.c
# bug: a thread that waits looks for submitted tasks with acquire: before its announcement is seen
# killed-by: explore
# scenario: submit-to-waiter
s/\(&group->submitted, memory_order_seq_cst\)/(\&group->submitted, memory_order_acquire)/
