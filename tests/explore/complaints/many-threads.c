/* answers: tokio-rs/loom#157: no more than four threads
 * twin: a load and a store in the place of the addition
 * finds: assertion: assert(atomic_load(&count) == 6)
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>

atomic_int count;

static void *add(void *unused)
{
#ifdef BUGGY
    atomic_store_explicit(&count, atomic_load_explicit(&count, memory_order_relaxed) + 1,
                          memory_order_relaxed);
#else
    atomic_fetch_add_explicit(&count, 1, memory_order_relaxed);
#endif
    return unused;
}

static void *nothing(void *unused)
{
    return unused;
}

int main(void)
{
    pthread_t threads[40];
    for (int i = 0; i < 40; i++)
        pthread_create(&threads[i], NULL, i < 6 ? add : nothing, NULL);
    for (int i = 0; i < 40; i++)
        pthread_join(threads[i], NULL);
    assert(atomic_load(&count) == 6);
    return 0;
}
