# file: concurrency/spinbarrier.c
# bug: the round is complete when one thread is missing
# killed-by: native explore genmc
s/if \(before % parties == parties - 1\)/if (before % parties + 2 >= parties)/
