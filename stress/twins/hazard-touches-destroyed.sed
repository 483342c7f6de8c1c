# file: concurrency/hazard.c
# bug: the next node is read when this one is gone
# killed-by: asan
s/^        list = next;/        list = list->next;/
