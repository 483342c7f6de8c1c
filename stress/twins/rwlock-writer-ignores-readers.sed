# file: concurrency/rwlock.c
# bug: a writer in line waits for writers only: reader and writer together
# killed-by: native tsan explore
s/WRITER \| READERS, WRITER, deadline/WRITER, WRITER, deadline/
