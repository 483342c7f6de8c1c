# file: concurrency/gradbuf_ordered.c
# bug: a round counts as complete when all but its last contribution are added
# killed-by: native asan tsan tsan-bare explore
s/slot->last = index \+ 1 == buffers->contributions;/slot->last = index + (buffers->contributions > 1 ? 2 : 1) == buffers->contributions;/
