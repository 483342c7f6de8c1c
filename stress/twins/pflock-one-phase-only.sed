# file: concurrency/pflock.c
# bug: the phase stays: a reader takes the next writer for the one that it waits for, and that one waits for the reader
# killed-by: explore
s/\(WRITER \| PHASE\)(, false)/WRITER\1/; s/WRITER \| PHASE, __ATOMIC_RELAXED/WRITER, __ATOMIC_RELAXED/
