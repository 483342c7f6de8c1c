/* name: Refcount+rel+fence
 * outcome: the object is used after its end, or never destroyed
 * verdict: forbidden
 * source: folklore: a reference count, dropped before the object is destroyed
 * executions: 2
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>

atomic_int n = 2;
int dead, r0, r1;

static void *thread0(void *arg)
{
    r0 = dead;
    if (atomic_fetch_sub_explicit(&n, 1, memory_order_release) == 1) {
        atomic_thread_fence(memory_order_acquire);
        dead = 1;
    }
    return arg;
}

static void *thread1(void *arg)
{
    r1 = dead;
    if (atomic_fetch_sub_explicit(&n, 1, memory_order_release) == 1) {
        atomic_thread_fence(memory_order_acquire);
        dead = 1;
    }
    return arg;
}

int main(void)
{
    pthread_t t0, t1;

    pthread_create(&t0, NULL, thread0, NULL);
    pthread_create(&t1, NULL, thread1, NULL);
    pthread_join(t0, NULL);
    pthread_join(t1, NULL);
    assert(!(r0 == 1 || r1 == 1 || dead != 1));
    return 0;
}
