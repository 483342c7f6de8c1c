# file: concurrency/parallel_reduce.c
# bug: the partial result of a dropped task is combined
# killed-by: native
s/if \(!is_cancelled\(whole\)\)//
