/* ck_hp: an object that a reader's hazard pointer protects is not freed. -DSTACK: ck_hp_stack, -DFIFO:
 * ck_hp_fifo, whose entries come out once and are freed through the hazard pointers. */
#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

#include <ck_hp.h>
#include <ck_hp_fifo.h>
#include <ck_hp_stack.h>

#define THREADS 2
#define SLOTS 2
#ifndef ITEMS
#define ITEMS 1
#endif

struct object {
    ck_stack_entry_t entry; // the first member
    ck_hp_hazard_t hazard;
    int value;
    int taken;
};

static ck_hp_t hp;
static ck_hp_record_t record[THREADS];
static void *pointers[THREADS][SLOTS];

// ck_hp_clear writes plainly; -DFENCED does the same by what ck documents to be ordered.
static void clear(ck_hp_record_t *mine)
{
#ifdef FENCED
    ck_pr_fence_release();
    for (unsigned i = 0; i < SLOTS; i++)
        ck_hp_set(mine, i, NULL);
#else
    ck_hp_clear(mine);
#endif
}

static void give_back(ck_hp_record_t *mine, ck_hp_hazard_t *hazard, void *o)
{
#ifdef FENCED
    ck_pr_fence_memory(); // what took it out is seen before the hazard pointers are read
#endif
    ck_hp_free(mine, hazard, o, o);
}

#if defined(STACK)
static ck_stack_t stack = CK_STACK_INITIALIZER;

static void *work(void *number)
{
    ck_hp_record_t *mine = &record[*(int *)number];
    for (int i = 0; i < ITEMS; i++) {
        struct object *o = calloc(1, sizeof *o);
        o->value = 1;
        ck_hp_stack_push_mpmc(&stack, &o->entry);
        struct object *got = (struct object *)ck_hp_stack_pop_mpmc(mine, &stack);
        assert(got && got->value == 1 && !got->taken);
        got->taken = 1;
        clear(mine);
        give_back(mine, &got->hazard, got);
    }
    return number;
}
#elif defined(FIFO)
static ck_hp_fifo_t fifo;
static int value[THREADS][ITEMS];

static void *work(void *number)
{
    ck_hp_record_t *mine = &record[*(int *)number];
    for (int i = 0; i < ITEMS; i++) {
        ck_hp_fifo_entry_t *entry = calloc(1, sizeof *entry);
        ck_hp_fifo_enqueue_mpmc(mine, &fifo, entry, &value[*(int *)number][i]);
        int *got = NULL;
        ck_hp_fifo_entry_t *garbage = ck_hp_fifo_dequeue_mpmc(mine, &fifo, &got);
        assert(garbage && got && *got == 0);
        *got = 1;
        clear(mine);
        give_back(mine, &garbage->hazard, garbage);
    }
    return number;
}
#else
static struct object *current;

static void *work(void *number)
{
    ck_hp_record_t *mine = &record[*(int *)number];
    if (*(int *)number == 0) {
        struct object *o;
        do {
            o = ck_pr_load_ptr(&current);
            ck_hp_set_fence(mine, 0, o);
        } while (o != ck_pr_load_ptr(&current));
        assert(o->value == 1);
        clear(mine);
        return number;
    }
    for (int i = 0; i < ITEMS; i++) {
        struct object *new = calloc(1, sizeof *new), *old;
        new->value = 1;
        ck_pr_fence_store();
        old = ck_pr_fas_ptr(&current, new);
        give_back(mine, &old->hazard, old);
    }
    return number;
}
#endif

int main(void)
{
    pthread_t thread[THREADS];
    int number[THREADS];
    ck_hp_init(&hp, SLOTS, 1, free);
    for (int i = 0; i < THREADS; i++)
        ck_hp_register(&hp, &record[i], pointers[i]);
#if defined(FIFO)
    ck_hp_fifo_init(&fifo, calloc(1, sizeof(ck_hp_fifo_entry_t)));
#elif !defined(STACK)
    current = calloc(1, sizeof *current);
    current->value = 1;
#endif
    for (int i = 0; i < THREADS; i++) {
        number[i] = i;
        pthread_create(&thread[i], NULL, work, &number[i]);
    }
    for (int i = 0; i < THREADS; i++)
        pthread_join(thread[i], NULL);
#ifdef FIFO
    for (int i = 0; i < THREADS * ITEMS; i++)
        assert((&value[0][0])[i] == 1);
#endif
}
