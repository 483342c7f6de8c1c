/* name: Hazard+no-writer-fence
 * outcome: the object is freed while a reader holds it
 * verdict: race
 * source: Michael 2004, hazard pointers
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>

atomic_int hz, p = 1;
int d = 7, r0, r1;

static void *thread0(void *arg)
{
    if (atomic_load_explicit(&p, memory_order_relaxed)) {
        atomic_store_explicit(&hz, 1, memory_order_relaxed);
        atomic_thread_fence(memory_order_seq_cst);
        if (atomic_load_explicit(&p, memory_order_acquire)) {
            r0 = d;
            r1 = 1;
            atomic_store_explicit(&hz, 0, memory_order_release);
        }
    }
    return arg;
}

static void *thread1(void *arg)
{
    atomic_store_explicit(&p, 0, memory_order_relaxed);
    if (!atomic_load_explicit(&hz, memory_order_acquire))
        d = 9;
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
