# file: concurrency/snapshot_writer.h
# bug: the new version becomes current before its object is written
# killed-by: tsan tsan-bare explore
s/: NULL, __ATOMIC_RELEASE/: NULL, __ATOMIC_RELAXED/
