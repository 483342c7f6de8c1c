/* ck's locks for readers and writers, one kind a build: -DRW, BYTE, PF, TF, SW or BR. A writer is alone,
 * readers see what the writer before them left. */
#include <assert.h>
#include <pthread.h>

#include <ck_brlock.h>
#include <ck_bytelock.h>
#include <ck_pflock.h>
#include <ck_rwlock.h>
#include <ck_swlock.h>
#include <ck_tflock.h>

#ifndef WRITERS
#define WRITERS 1
#endif
#ifndef READERS
#define READERS 2
#endif
#ifndef ROUNDS
#define ROUNDS 1
#endif

#if defined(RW)
static ck_rwlock_t lock = CK_RWLOCK_INITIALIZER;
#define NAMED(x) ck_rwlock_##x
#elif defined(PF)
static ck_pflock_t lock = CK_PFLOCK_INITIALIZER;
#define NAMED(x) ck_pflock_##x
#elif defined(TF)
static ck_tflock_ticket_t lock = CK_TFLOCK_TICKET_INITIALIZER;
#define NAMED(x) ck_tflock_ticket_##x
#elif defined(SW)
static ck_swlock_t lock = CK_SWLOCK_INITIALIZER;
#define NAMED(x) ck_swlock_##x
#endif

#if defined(BYTE)
static ck_bytelock_t lock = CK_BYTELOCK_INITIALIZER;
#define WRITE_LOCK ck_bytelock_write_lock(&lock, slot)
#define WRITE_UNLOCK ck_bytelock_write_unlock(&lock)
#define READ_LOCK ck_bytelock_read_lock(&lock, slot)
#define READ_UNLOCK ck_bytelock_read_unlock(&lock, slot)
#elif defined(BR)
static ck_brlock_t lock = CK_BRLOCK_INITIALIZER;
static ck_brlock_reader_t reader[WRITERS + READERS];
#define WRITE_LOCK ck_brlock_write_lock(&lock)
#define WRITE_UNLOCK ck_brlock_write_unlock(&lock)
#define READ_LOCK ck_brlock_read_lock(&lock, &reader[slot - 1])
#define READ_UNLOCK ck_brlock_read_unlock(&reader[slot - 1])
#else
#define WRITE_LOCK NAMED(write_lock)(&lock)
#define WRITE_UNLOCK NAMED(write_unlock)(&lock)
#define READ_LOCK NAMED(read_lock)(&lock)
#define READ_UNLOCK NAMED(read_unlock)(&lock)
#endif

static int left, right;

static void *write_both(void *number)
{
    unsigned slot = *(unsigned *)number;
    (void)slot;
    for (int i = 0; i < ROUNDS; i++) {
        WRITE_LOCK;
        left++;
        right++;
        WRITE_UNLOCK;
    }
    return number;
}

static void *read_both(void *number)
{
    unsigned slot = *(unsigned *)number;
    (void)slot;
    for (int i = 0; i < ROUNDS; i++) {
        READ_LOCK;
        assert(left == right);
        READ_UNLOCK;
    }
    return number;
}

int main(void)
{
    pthread_t thread[WRITERS + READERS];
    unsigned slot[WRITERS + READERS];
#ifdef BR
    for (int i = 0; i < READERS; i++)
        ck_brlock_read_register(&lock, &reader[WRITERS + i]);
#endif
    for (int i = 0; i < WRITERS + READERS; i++) {
        slot[i] = (unsigned)i + 1;
        pthread_create(&thread[i], NULL, i < WRITERS ? write_both : read_both, &slot[i]);
    }
    for (int i = 0; i < WRITERS + READERS; i++)
        pthread_join(thread[i], NULL);
    assert(left == WRITERS * ROUNDS && right == left);
}
