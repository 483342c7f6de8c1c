# file: concurrency/semaphore.c
# bug: a wait for two units is content with one, and takes two
# killed-by: native tsan
s/if \(seen \/ UNIT >= units\)/if (seen \/ UNIT >= 1)/
