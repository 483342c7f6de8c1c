# file: concurrency/spin.c
# bug: a node comes into the line of the CLH lock as it left it, released
# killed-by: native tsan
/^void qsc_clh_lock/,/^}/s/^ *__atomic_store_n\(&node->released, 0.*//
