/* name: Peterson+two-fence-sc
 * outcome: an increment in the critical section is lost
 * verdict: forbidden
 * source: Peterson 1981, entry without waiting
 * executions: 10
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>

atomic_int f0, f1, turn;
int d, r0, r1;

static void *thread0(void *arg)
{
    atomic_store_explicit(&f0, 1, memory_order_relaxed);
    atomic_thread_fence(memory_order_seq_cst);
    atomic_store_explicit(&turn, 1, memory_order_relaxed);
    atomic_thread_fence(memory_order_seq_cst);
    if (!atomic_load_explicit(&f1, memory_order_acquire) ||
        atomic_load_explicit(&turn, memory_order_acquire) != 1) {
        d++;
        r0 = 1;
        atomic_store_explicit(&f0, 0, memory_order_release);
    }
    return arg;
}

static void *thread1(void *arg)
{
    atomic_store_explicit(&f1, 1, memory_order_relaxed);
    atomic_thread_fence(memory_order_seq_cst);
    atomic_store_explicit(&turn, 0, memory_order_relaxed);
    atomic_thread_fence(memory_order_seq_cst);
    if (!atomic_load_explicit(&f0, memory_order_acquire) ||
        atomic_load_explicit(&turn, memory_order_acquire) != 0) {
        d++;
        r1 = 1;
        atomic_store_explicit(&f1, 0, memory_order_release);
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
    assert(!(d != r0 + r1));
    return 0;
}
