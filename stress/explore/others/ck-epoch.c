/* ck_epoch: a reader never meets an object that was freed. The writer waits (synchronize), or with -DPOLL
 * retires the object and polls. */
#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

#include <ck_epoch.h>

#ifndef READERS
#define READERS 1
#endif
#ifndef SECTIONS
#define SECTIONS 1
#endif
#ifndef WRITES
#define WRITES 1
#endif
#ifndef POLLS
#define POLLS 2
#endif

#ifndef POLLERS
#define POLLERS 0
#endif
#ifdef OLD
#define REGISTER(epoch, record) ck_epoch_register(epoch, record)
#else
#define REGISTER(epoch, record) ck_epoch_register(epoch, record, NULL)
#endif

struct object {
    ck_epoch_entry_t entry; // the first member
    int value;
};

static ck_epoch_t epoch;
static ck_epoch_record_t record[READERS + POLLERS + 1];
static struct object *current;

static void *read_some(void *number)
{
    ck_epoch_record_t *mine = &record[*(int *)number];
    for (int i = 0; i < SECTIONS; i++) {
        ck_epoch_begin(mine, NULL);
        struct object *o = ck_pr_load_ptr(&current);
        assert(o->value == 1);
        ck_epoch_end(mine, NULL);
    }
    return number;
}

#if POLLERS
static void *poll_some(void *number)
{
    for (int i = 0; i < POLLS; i++)
        ck_epoch_poll(&record[*(int *)number]);
    return number;
}
#endif

static struct object *object(void)
{
    struct object *o = malloc(sizeof *o);
    o->value = 1;
    return o;
}

#ifdef POLL
static void destroy(ck_epoch_entry_t *entry)
{
    struct object *o = (struct object *)entry;
    o->value = 0;
    free(o);
}
#endif

int main(void)
{
    pthread_t thread[READERS + POLLERS];
    int number[READERS + POLLERS];
    ck_epoch_init(&epoch);
    for (int i = 0; i <= READERS + POLLERS; i++)
        REGISTER(&epoch, &record[i]);
    ck_epoch_record_t *mine = &record[READERS + POLLERS];
    current = object();
    for (int i = 0; i < READERS + POLLERS; i++) {
        number[i] = i;
#if POLLERS
        pthread_create(&thread[i], NULL, i < READERS ? read_some : poll_some, &number[i]);
#else
        pthread_create(&thread[i], NULL, read_some, &number[i]);
#endif
    }
    for (int i = 0; i < WRITES; i++) {
        struct object *old = current, *new = object();
#ifdef SECTION // as ck asks of writers beside which others poll
        ck_epoch_begin(mine, NULL);
#endif
        ck_pr_fence_store();
        ck_pr_store_ptr(&current, new);
#ifdef POLL
        ck_epoch_call(mine, &old->entry, destroy);
#ifdef SECTION
        ck_epoch_end(mine, NULL);
#endif
        for (int j = 0; j < POLLS; j++)
            ck_epoch_poll(mine);
#else
        ck_epoch_synchronize(mine);
        old->value = 0;
        free(old);
#endif
    }
    for (int i = 0; i < READERS + POLLERS; i++)
        pthread_join(thread[i], NULL);
#ifdef POLL
    ck_epoch_barrier(mine);
#endif
    free(current);
}
