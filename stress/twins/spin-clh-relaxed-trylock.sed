# file: concurrency/spin.c
# bug: a try of the CLH lock does not acquire
# killed-by: tsan-bare genmc
/^bool qsc_clh_trylock/,/^}/s/__ATOMIC_ACQ_REL/__ATOMIC_RELEASE/
