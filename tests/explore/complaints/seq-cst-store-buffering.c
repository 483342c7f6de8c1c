/* answers: tokio-rs/loom#180, kaist-cp/cs431#781: seq_cst accesses are not modelled, and store buffering
 *          is found where it cannot happen
 * twin: release and acquire, with which it can
 * finds: assertion: assert(first || second)
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>

#ifdef BUGGY
enum { STORES = memory_order_release, LOADS = memory_order_acquire };
#else
enum { STORES = memory_order_seq_cst, LOADS = memory_order_seq_cst };
#endif

atomic_int x, y;
int first, second;

static void *write_x(void *unused)
{
    atomic_store_explicit(&x, 1, STORES);
    first = atomic_load_explicit(&y, LOADS);
    return unused;
}

static void *write_y(void *unused)
{
    atomic_store_explicit(&y, 1, STORES);
    second = atomic_load_explicit(&x, LOADS);
    return unused;
}

int main(void)
{
    pthread_t a, b;
    pthread_create(&a, NULL, write_x, NULL);
    pthread_create(&b, NULL, write_y, NULL);
    pthread_join(a, NULL);
    pthread_join(b, NULL);
    assert(first || second);
    return 0;
}
