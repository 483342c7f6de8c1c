# file: concurrency/queue.c
# bug: pop does not release the cell that it has read
# killed-by: tsan tsan-bare explore
/&cell->turn, ticket \+ 2 \* .*memory_order_seq_cst/s/seq_cst/relaxed/
