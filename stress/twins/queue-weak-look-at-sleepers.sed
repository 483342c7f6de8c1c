# file: concurrency/eventcount.h
# bug: who notifies looks for sleepers with acquire: before his own change is seen
# killed-by: explore genmc
s/\(&event->threads, memory_order_seq_cst\)/(\&event->threads, memory_order_acquire)/
