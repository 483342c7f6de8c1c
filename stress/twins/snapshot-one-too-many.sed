# file: concurrency/snapshot_writer.c
# bug: one version more than the bound is let in
# killed-by: native asan tsan tsan-bare
s/writer->live_versions \+ versions > max_versions/writer->live_versions > max_versions/
