# file: concurrency/parallel_reduce.c
# bug: the halves are combined before the right one is done
# killed-by: native tsan-bare explore
# scenario: reduction
s/qsc_group_wait\(.*\);/(void)!qsc_group_trywait(whole->pool, \&group);/
