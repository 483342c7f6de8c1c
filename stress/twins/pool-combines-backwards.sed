# file: concurrency/parallel_reduce.c
# bug: the right half's result is taken for the left one's
# killed-by: native
s/combine\(whole->ctx, part->result, partial\)/combine(whole->ctx, partial, part->result)/
