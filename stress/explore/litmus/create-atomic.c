/* name: Create+atomic
 * outcome: r0 = 0
 * verdict: forbidden
 * source: C11, 7.26.5.1: creation of a thread synchronizes with its beginning
 * executions: 1
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>

atomic_int x;
int r0;

static void *thread0(void *arg)
{
    r0 = atomic_load_explicit(&x, memory_order_relaxed);
    return arg;
}

int main(void)
{
    pthread_t t0;

    atomic_store_explicit(&x, 1, memory_order_relaxed);
    pthread_create(&t0, NULL, thread0, NULL);
    pthread_join(t0, NULL);
    assert(!(r0 == 0));
    return 0;
}
