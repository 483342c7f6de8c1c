# file: concurrency/rcu_domain.c
# bug: who finds no room comes in uncounted
# killed-by: native
/^static int admit_until/,/^}/s/            return EDEADLK;/&\n        if (!error)\n            return 0;/
