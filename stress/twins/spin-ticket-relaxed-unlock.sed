# file: concurrency/spin.c
# bug: unlock of the ticket lock does not release
# killed-by: tsan-bare genmc
/^void qsc_ticket_unlock/,/^}/s/__ATOMIC_RELEASE/__ATOMIC_RELAXED/
