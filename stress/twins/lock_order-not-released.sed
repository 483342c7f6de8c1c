# file: concurrency/lock_order.c
# bug: a lock that was released counts as held
# killed-by: native
s/^    for \(mine\.count--; i <= mine\.count; i\+\+\)$/    for (; i < mine.count; i++)/
