# file: concurrency/per_thread.h
# bug: a thread takes the slot of an earlier storage for that of the one which has its place now
# killed-by: native asan
s/table->entries\[index\]\.serial == storage->serial/table->entries[index].serial != 0/
