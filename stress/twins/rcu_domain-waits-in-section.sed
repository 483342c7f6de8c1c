# file: concurrency/rcu_domain.c
# bug: who is in a section waits for room all the same
# killed-by: explore genmc
s/return qsc_rcu_in_section\(\) \|\| /return /
