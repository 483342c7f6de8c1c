/* name: Race+two-writers
 * outcome: two writes of d
 * verdict: race
 * source: C++20 [atomics.order], [intro.races], data race
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>

int d;

static void *thread0(void *arg)
{
    d = 1;
    return arg;
}

static void *thread1(void *arg)
{
    d = 2;
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
