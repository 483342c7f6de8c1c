# file: concurrency/spin.c
# bug: a ticket drawn by a try does not acquire
# killed-by: tsan-bare genmc
/^bool qsc_ticket_trylock/,/^}/s/__ATOMIC_ACQUIRE/__ATOMIC_RELAXED/
