# file: concurrency/snapshot.c
# bug: the new version becomes current before its object is written
# killed-by: tsan tsan-bare explore
s/(version \? &version->published : NULL), __ATOMIC_RELEASE/\1, __ATOMIC_RELAXED/
s/version \? &version->published : NULL, __ATOMIC_RELEASE/version ? \&version->published : NULL, __ATOMIC_RELAXED/
