/* name: MP+plain+plain-flag
 * outcome: the accesses to d are not ordered
 * verdict: race
 * source: folklore: the flag is no atomic
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>

int d, f, r1;

static void *thread0(void *arg)
{
    d = 1;
    f = 1;
    return arg;
}

static void *thread1(void *arg)
{
    if (f)
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
