/* name: Refcount+rlx+fence
 * outcome: a use of the object is not ordered before its end
 * verdict: race
 * source: folklore: a reference count, dropped before the object is destroyed
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>

atomic_int n = 2;
int dead, r0, r1;

static void *thread0(void *arg)
{
    r0 = dead;
    if (atomic_fetch_sub_explicit(&n, 1, memory_order_relaxed) == 1) {
        atomic_thread_fence(memory_order_acquire);
        dead = 1;
    }
    return arg;
}

static void *thread1(void *arg)
{
    r1 = dead;
    if (atomic_fetch_sub_explicit(&n, 1, memory_order_relaxed) == 1) {
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
    return 0;
}
