/* name: RMW+fresh-add
 * outcome: r0 = 1 and r1 = 0
 * rc11: forbidden
 * cxx20: allowed
 * verdict: forbidden
 * why: RC11 demands that po together with rf has no cycle, C++20 does not; an explorer that runs
 *   threads forward cannot read from a store not yet made
 * source: folklore: a read-modify-write that reads 0 stands before the other, which then read it
 * executions: 3
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>

atomic_int x, y;
int r0, r1;

static void *thread0(void *arg)
{
    atomic_fetch_add_explicit(&x, 1, memory_order_acq_rel);
    atomic_store_explicit(&y, 1, memory_order_relaxed);
    return arg;
}

static void *thread1(void *arg)
{
    r0 = atomic_load_explicit(&y, memory_order_relaxed);
    r1 = atomic_fetch_add_explicit(&x, 0, memory_order_relaxed);
    return arg;
}

int main(void)
{
    pthread_t t0, t1;

    pthread_create(&t0, NULL, thread0, NULL);
    pthread_create(&t1, NULL, thread1, NULL);
    pthread_join(t0, NULL);
    pthread_join(t1, NULL);
    assert(!(r0 == 1 && r1 == 0));
    return 0;
}
