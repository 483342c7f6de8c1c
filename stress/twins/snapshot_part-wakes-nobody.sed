# file: concurrency/snapshot_part.c
# bug: who waits for room is not told that a part has gone
# killed-by: explore
s/qsc_event_signal_unlock\(writer, &writer->progress\)/qsc_mutex_unlock(\&writer->lock)/
