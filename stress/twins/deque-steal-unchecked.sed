# file: concurrency/deque.c
# bug: a thief takes the item although another thread moved the top first
# killed-by: native asan tsan tsan-bare explore
s/^        return EAGAIN;$/        (void)0;/
