# file: concurrency/pflock.c
# bug: a reader waits until there is no writer: others may come first
# killed-by: explore
/^static void wait_for_writer/,/^}/s/& \(WRITER \| PHASE\)\) == phase/\& WRITER) == WRITER/
