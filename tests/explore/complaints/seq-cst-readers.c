/* answers: tokio-rs/loom#191: two writers, two readers that wait, all of it seq_cst: the exploration has no
 *          end, although the loops yield, and main has to be one of the four threads
 * twin: release and acquire, which leave it open who was first
 * finds: assertion: assert(atomic_load(&both) != 0)
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>

#ifdef BUGGY
enum { STORES = memory_order_release, LOADS = memory_order_acquire };
#else
enum { STORES = memory_order_seq_cst, LOADS = memory_order_seq_cst };
#endif

atomic_int x, y, both;

static void *set(void *flag)
{
    atomic_store_explicit((atomic_int *)flag, 1, STORES);
    return NULL;
}

static void read_in_order(atomic_int *one, atomic_int *other)
{
    while (!atomic_load_explicit(one, LOADS))
        ;
    if (atomic_load_explicit(other, LOADS))
        atomic_fetch_add(&both, 1);
}

static void *read_x_y(void *unused)
{
    read_in_order(&x, &y);
    return unused;
}

static void *read_y_x(void *unused)
{
    read_in_order(&y, &x);
    return unused;
}

int main(void)
{
    pthread_t threads[4];
    pthread_create(&threads[0], NULL, set, &x);
    pthread_create(&threads[1], NULL, set, &y);
    pthread_create(&threads[2], NULL, read_x_y, NULL);
    pthread_create(&threads[3], NULL, read_y_x, NULL);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    assert(atomic_load(&both) != 0);
    return 0;
}
