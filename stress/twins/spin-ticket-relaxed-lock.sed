# file: concurrency/spin.c
# bug: the ticket lock does not acquire
# killed-by: tsan-bare
/^void qsc_ticket_lock/,/^}/s/__ATOMIC_ACQUIRE/__ATOMIC_RELAXED/
