# file: concurrency/reclaimer.c
# bug: the node after this one is read when this one is gone
# killed-by: asan genmc
/destroy\(node\)\) \{/,/forget/s/\*link = newer;/*link = node->newer;/
