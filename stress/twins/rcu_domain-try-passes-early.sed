# file: concurrency/rcu_domain.c
# bug: who asks is told that all is destroyed when one object is not yet
# killed-by: explore genmc
s/passed = reclaimer->gone >=/passed = reclaimer->gone + 1 >=/
