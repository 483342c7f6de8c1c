/* name: Race+neighbours
 * outcome: a[0] != 1 or a[1] != 1
 * verdict: forbidden
 * source: C++20 [atomics.order], [intro.races], distinct objects are distinct memory locations
 * executions: 1
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>

int a[2];

static void *thread0(void *arg)
{
    a[0] = 1;
    return arg;
}

static void *thread1(void *arg)
{
    a[1] = 1;
    return arg;
}

int main(void)
{
    pthread_t t0, t1;

    pthread_create(&t0, NULL, thread0, NULL);
    pthread_create(&t1, NULL, thread1, NULL);
    pthread_join(t0, NULL);
    pthread_join(t1, NULL);
    assert(!(a[0] != 1 || a[1] != 1));
    return 0;
}
