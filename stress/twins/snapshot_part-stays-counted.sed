# file: concurrency/snapshot_part.c
# bug: a part counts when it is gone
# killed-by: native explore
/writer->reclaimer.live_bytes -= bytes;/d
