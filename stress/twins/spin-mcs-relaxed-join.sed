# file: concurrency/spin.c
# bug: who joins the line of the MCS lock does not acquire
# killed-by: tsan-bare genmc
/^void qsc_mcs_lock/,/^}/s/__ATOMIC_ACQ_REL/__ATOMIC_RELEASE/
