# file: concurrency/per_thread.c
# bug: a thread that exits keeps its slots
# killed-by: native
s/->taken = false;/->taken = true;/
