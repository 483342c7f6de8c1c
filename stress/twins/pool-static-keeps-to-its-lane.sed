# file: concurrency/parallel_for.c
# bug: a thread in a static loop takes its own chunks only: those of a thread that does not come are left
# killed-by: native
/^static void take_chunks\(/,/^}/s/i < loop->lane_count/i < 1/
