# file: heap.c
# bug: a checkpoint lacks what is in the heap
# noticed-by: checkpoints
/^void qx_heap_keep/,/^}/s/qx_keep\(start, a->used\);//
