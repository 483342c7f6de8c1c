# file: concurrency/deque.c
# bug: grow frees the outgrown ring although a thief may still read it
# killed-by: asan tsan tsan-bare explore
/&deque->ring, longer, memory_order_release/a\
    longer->outgrown = ring->outgrown;\
    qsc_free(ring);
