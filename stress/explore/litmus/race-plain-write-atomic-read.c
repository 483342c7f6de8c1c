/* name: Race+plain-write+atomic-read
 * outcome: a plain write and an atomic read of d
 * verdict: race
 * source: C++20 [atomics.order], [intro.races], an atomic and a plain access conflict
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>

int d, r0;

static void *thread0(void *arg)
{
    d = 1;
    return arg;
}

static void *thread1(void *arg)
{
    r0 = __atomic_load_n(&d, __ATOMIC_SEQ_CST);
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
