# file: concurrency/hazard.h
# bug: a slot is filled again without releasing what was done with its former object
# killed-by: explore genmc
s/\(void \*\)object, __ATOMIC_RELEASE/(void *)object, __ATOMIC_RELAXED/
