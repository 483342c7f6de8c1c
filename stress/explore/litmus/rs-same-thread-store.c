/* name: RS+same-thread-store
 * outcome: the accesses to d are not ordered
 * rc11: forbidden
 * cxx20: race
 * verdict: race
 * why: RC11 keeps the release sequence of C++11, which a relaxed store of the same thread continues;
 *   C++20 (P0982) lets only read-modify-writes continue it
 * source: P0982R1, Boehm (release sequences of C++20)
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>

atomic_int x;
int d, r1;

static void *thread0(void *arg)
{
    d = 1;
    atomic_store_explicit(&x, 1, memory_order_release);
    atomic_store_explicit(&x, 2, memory_order_relaxed);
    return arg;
}

static void *thread1(void *arg)
{
    if (atomic_load_explicit(&x, memory_order_acquire) == 2)
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
