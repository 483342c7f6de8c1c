# file: concurrency/queue.c
# bug: a thread sleeps without having looked again after it announced itself
# killed-by: native asan tsan tsan-bare explore
/uint32_t key = /,/if \(/s/error = attempt\(queue_storage, item\);/error = EAGAIN;/
