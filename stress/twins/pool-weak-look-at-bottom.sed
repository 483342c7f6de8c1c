# file: concurrency/deque.h
# bug: a thread that waits looks with acquire for something to steal: before its announcement is seen
# killed-by: explore
# scenario: helper
s/\(&deque->bottom, memory_order_seq_cst\)/(\&deque->bottom, memory_order_acquire)/
