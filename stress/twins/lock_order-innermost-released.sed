# file: concurrency/lock_order.c
# bug: a release takes the lock that was taken last from the list
# killed-by: native
s/^    for \(mine\.count--; i <= mine\.count; i\+\+\)$/    for (mine.count--, i = mine.count; i < mine.count; i++)/
