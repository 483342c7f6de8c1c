# file: concurrency/refcount.h
# bug: a put decides by a load after it whether it was the last
# killed-by: native explore
s/^    if \(before == 1\)/    if (__atomic_load_n(\&refcount->count, __ATOMIC_RELAXED) == 0)/
