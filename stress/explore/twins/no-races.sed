# file: shadow.c
# bug: accesses that are not ordered are no race
s/if \(overlap && !ordered && any_write && !both_atomic\)/if (false)/
