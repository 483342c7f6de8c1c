/* ck's spinlocks, one kind a build: -DCAS, DEC, FAS, TICKET, MCS, CLH or ANDERSON. Nobody else is inside. */
#include <assert.h>
#include <pthread.h>

#include <ck_spinlock.h>

#ifndef THREADS
#define THREADS 2
#endif
#ifndef ROUNDS
#define ROUNDS 2
#endif

#if defined(MCS)
static struct ck_spinlock_mcs *lock;
#define OWN struct ck_spinlock_mcs node
#define INIT ck_spinlock_mcs_init(&lock)
#define LOCK ck_spinlock_mcs_lock(&lock, &node)
#define UNLOCK ck_spinlock_mcs_unlock(&lock, &node)
#elif defined(CLH)
static struct ck_spinlock_clh unowned, nodes[THREADS], *lock;
#define OWN struct ck_spinlock_clh *node = &nodes[*(int *)number]
#define INIT ck_spinlock_clh_init(&lock, &unowned)
#define LOCK ck_spinlock_clh_lock(&lock, node)
#define UNLOCK ck_spinlock_clh_unlock(&node)
#elif defined(ANDERSON)
static struct ck_spinlock_anderson lock;
static struct ck_spinlock_anderson_thread slots[THREADS];
#define OWN struct ck_spinlock_anderson_thread *slot
#define INIT ck_spinlock_anderson_init(&lock, slots, THREADS)
#define LOCK ck_spinlock_anderson_lock(&lock, &slot)
#define UNLOCK ck_spinlock_anderson_unlock(&lock, slot)
#else
#if defined(CAS)
#define NAMED(x) ck_spinlock_cas##x
#elif defined(DEC)
#define NAMED(x) ck_spinlock_dec##x
#elif defined(FAS)
#define NAMED(x) ck_spinlock_fas##x
#elif defined(TICKET)
#define NAMED(x) ck_spinlock_ticket##x
#endif
static struct NAMED() lock;
#define OWN
#define INIT NAMED(_init)(&lock)
#ifdef TRY
#define LOCK                     \
    if (!NAMED(_trylock)(&lock)) \
    continue
#else
#define LOCK NAMED(_lock)(&lock)
#endif
#define UNLOCK NAMED(_unlock)(&lock)
#endif

static int inside;

static void *work(void *number)
{
    OWN;
    for (int i = 0; i < ROUNDS; i++) {
        LOCK;
        assert(inside == 0);
        inside = 1;
        inside = 0;
        UNLOCK;
    }
    return number;
}

int main(void)
{
    pthread_t thread[THREADS];
    int number[THREADS];
    INIT;
    for (int i = 0; i < THREADS; i++) {
        number[i] = i;
        pthread_create(&thread[i], NULL, work, &number[i]);
    }
    for (int i = 0; i < THREADS; i++)
        pthread_join(thread[i], NULL);
}
