# file: concurrency/spin.c
# bug: a try of the MCS lock does not acquire
# killed-by: tsan-bare genmc
/^bool qsc_mcs_trylock/,/^}/s/__ATOMIC_ACQ_REL/__ATOMIC_RELEASE/
