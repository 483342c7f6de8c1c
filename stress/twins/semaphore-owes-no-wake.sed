# file: concurrency/semaphore.c
# bug: the head of the line sleeps without saying that a post owes it a wake-up
# killed-by: native tsan
s/atomic_fetch_or_explicit\(state, HEAD, memory_order_relaxed\) \| HEAD;/atomic_load_explicit(state, memory_order_relaxed);/
