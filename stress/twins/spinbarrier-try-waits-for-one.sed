# file: concurrency/spinbarrier.c
# bug: a try passes if any other thread is waiting
# killed-by: native
s/if \(before % parties != parties - 1\)/if (before % parties == 0)/
