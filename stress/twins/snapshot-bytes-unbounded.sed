# file: concurrency/snapshot_writer.c
# bug: only the new version is held against the bound on bytes
# killed-by: native asan tsan tsan-bare
s/writer->live_bytes > max_bytes - bytes/bytes > max_bytes/
