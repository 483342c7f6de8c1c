# file: concurrency/rcu_domain.c
# bug: a destructor waits for room that only its own end makes
# killed-by: explore genmc
s/ \|\| pthread_equal\(reclaimer->thread, pthread_self\(\)\)//
