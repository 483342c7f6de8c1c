# file: concurrency/brlock.c
# bug: a reader without a word of its own leaves by one that it got since
# killed-by: native
s/return own && __atomic_load_n\(own, __ATOMIC_RELAXED\) \? own/return own ? own/
