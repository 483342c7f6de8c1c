# file: concurrency/spin.c
# bug: a try that fails has drawn a number that nobody answers to
# killed-by: native tsan
s/bool taken = __atomic_compare_exchange_n\(&lock->next, &next, serving \+ 1, false, __ATOMIC_RELAXED,/bool taken = __atomic_fetch_add(\&lock->next, 1, __ATOMIC_RELAXED) == next;/
/^bool qsc_ticket_trylock/,/^}/s/^ *__ATOMIC_RELAXED\);$//
