#!/bin/sh
# check-memory-order.sh CHECK: the check accepts what is right and sees each thing it is there to see.
set -eu
check=$1
file=$(mktemp --suffix=.c)
trap 'rm -f "$file"' EXIT

accepts() {
    printf '%s\n' "$@" >"$file"
    "$check" "$file" || { echo "refused:"; cat "$file"; exit 1; }
}
refuses() {
    printf '%s\n' "$@" >"$file"
    ! "$check" "$file" 2>/dev/null || { echo "let through:"; cat "$file"; exit 1; }
}

accepts 'x = atomic_load_explicit(&a, memory_order_relaxed);'
accepts '// acquire: pairs with the release in f' 'x = atomic_load_explicit(&a, memory_order_acquire);'
accepts 'x = atomic_load_explicit(&a, memory_order_acquire); // pairs with the release in f'
accepts '/* pairs with the release in f' ' * and more */' 'if (atomic_load_explicit(&a,' '    memory_order_acquire))'
accepts '// acquire, both: pair with f' 'x = atomic_load_explicit(&a, memory_order_acquire);' 'y = atomic_load_explicit(&b, memory_order_acquire);'
refuses 'x = atomic_load_explicit(&a, memory_order_acquire);'
refuses '// acquire, for both reasons' 'x = atomic_load_explicit(&a, memory_order_acquire);'
refuses '__atomic_store_n(&a, 1, __ATOMIC_RELEASE);'
refuses '// pairs with f' 'atomic_store_explicit(&a, 1, memory_order_release);' 'atomic_store_explicit(&b, 1, memory_order_release);'
refuses ' atomic_store(&a, 1); // pairs with f'
refuses ' atomic_fetch_add(&a, 1);'
refuses 'atomic_thread_fence(memory_order_seq_cst); // pairs with f'
refuses '__sync_synchronize();'
