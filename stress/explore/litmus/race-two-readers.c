/* name: Race+two-readers
 * outcome: r0 != 7 or r1 != 7
 * verdict: forbidden
 * source: C++20 [atomics.order], [intro.races], two reads are no conflict
 * executions: 1
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>

int d = 7, r0, r1;

static void *thread0(void *arg)
{
    r0 = d;
    return arg;
}

static void *thread1(void *arg)
{
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
    assert(!(r0 != 7 || r1 != 7));
    return 0;
}
