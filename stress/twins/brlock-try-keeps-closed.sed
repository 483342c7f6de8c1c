# file: concurrency/brlock.c
# bug: a try in vain leaves the lock closed
# killed-by: explore genmc
/^bool qsc_brlock_write_trylock/,/^}/s/let_go\(lock\);/(void)lock;/
