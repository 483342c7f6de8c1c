# file: concurrency/per_thread.c
# bug: a thread that exits does not ask whether the storage is still there
# killed-by: asan explore genmc
s/ && table->entries\[i\]\.serial == registry\.serials\[i\]//
