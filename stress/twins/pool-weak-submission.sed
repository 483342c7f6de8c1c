# file: concurrency/pool_task.c
# bug: a task is submitted with release: the look at who waits for its group may come first
# killed-by: explore
# scenario: submit-to-waiter
s/\(&group->submitted, task, memory_order_seq_cst\)/(\&group->submitted, task, memory_order_release)/
