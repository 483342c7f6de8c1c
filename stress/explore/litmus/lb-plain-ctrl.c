/* name: LB+plain-ctrl
 * outcome: d != 0 or f != 0
 * verdict: forbidden
 * source: Vafeiadis et al., POPL 2015: no race, for neither store is ever reached
 * executions: 1
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>

int d, f;

static void *thread0(void *arg)
{
    if (d)
        f = 1;
    return arg;
}

static void *thread1(void *arg)
{
    if (f)
        d = 1;
    return arg;
}

int main(void)
{
    pthread_t t0, t1;

    pthread_create(&t0, NULL, thread0, NULL);
    pthread_create(&t1, NULL, thread1, NULL);
    pthread_join(t0, NULL);
    pthread_join(t1, NULL);
    assert(!(d != 0 || f != 0));
    return 0;
}
