# file: concurrency/once.c
# bug: it is done before the function has run
# killed-by: native tsan tsan-bare
s/^    run\(arg\);/    bool awaited = atomic_exchange_explicit(word_of(once), DONE, memory_order_release) == AWAITED;\n    run(arg);/
s/if \(atomic_exchange_explicit\(word_of\(once\), DONE, memory_order_release\) == AWAITED\)/if (awaited)/
