# file: concurrency/hazard.c
# bug: the next node is read when this one is gone
# killed-by: asan genmc
s/^        list = next;/        list = list->next;/
