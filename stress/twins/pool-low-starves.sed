# file: concurrency/pool_task.c
# bug: what has waited for long never comes first
# killed-by: native
s/looks % PATIENCE == 0/looks == 0/
