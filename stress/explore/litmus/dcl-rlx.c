/* name: DCL+rlx
 * outcome: the object is used without an order to its initialization
 * verdict: race
 * source: Schmidt and Harrison 1996, double-checked locking
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>

atomic_int l, x;
int d, r0, r1;

static void *thread0(void *arg)
{
    if (!atomic_load_explicit(&x, memory_order_relaxed)) {
        if (!atomic_exchange_explicit(&l, 1, memory_order_acquire)) {
            if (!atomic_load_explicit(&x, memory_order_relaxed)) {
                d++;
                atomic_store_explicit(&x, 1, memory_order_relaxed);
            }
            atomic_store_explicit(&l, 0, memory_order_release);
        }
    }
    if (atomic_load_explicit(&x, memory_order_relaxed))
        r0 = d;
    return arg;
}

static void *thread1(void *arg)
{
    if (!atomic_load_explicit(&x, memory_order_relaxed)) {
        if (!atomic_exchange_explicit(&l, 1, memory_order_acquire)) {
            if (!atomic_load_explicit(&x, memory_order_relaxed)) {
                d++;
                atomic_store_explicit(&x, 1, memory_order_relaxed);
            }
            atomic_store_explicit(&l, 0, memory_order_release);
        }
    }
    if (atomic_load_explicit(&x, memory_order_relaxed))
        r1 = d;
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
