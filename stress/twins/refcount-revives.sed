# file: concurrency/refcount.h
# bug: a reference is taken from an object that is gone
# killed-by: asan explore
s/^        if \(seen == 0\)/        if (seen == UINT32_MAX)/
