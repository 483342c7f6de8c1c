# file: concurrency/snapshot_part.c
# bug: who waits for room is not told that a part has gone
# killed-by: explore
s/qsc_event_signal_unlock\(&writer->reclaimer, &writer->reclaimer.progress\)/qsc_mutex_unlock(\&writer->reclaimer.lock)/
