# file: concurrency/pflock.c
# bug: downgrade does not count the writer among the readers
# killed-by: explore genmc
s/let_go\(lock, READER\)/let_go(lock, 0)/
