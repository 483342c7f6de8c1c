/* ck_stack with one consumer that takes single entries (-DPOP, push_upmc and pop_upmc, entries used once) or
 * all at once (batch_pop_upmc): each entry comes out once, with what was written before it went in. */
#include <assert.h>
#include <pthread.h>
#include <stddef.h>

#include <ck_stack.h>

#ifndef PRODUCERS
#define PRODUCERS 2
#endif
#ifndef CONSUMERS
#define CONSUMERS 1
#endif
#ifndef ITEMS
#define ITEMS 1
#endif

static struct item {
    ck_stack_entry_t entry;
    int value;
    int taken;
} item[PRODUCERS * ITEMS];
static ck_stack_t stack = CK_STACK_INITIALIZER;

static void take(ck_stack_entry_t *entry)
{
    struct item *got = (struct item *)entry;
    assert(got->value == 1 && !got->taken);
    got->taken = 1;
}

static void take_some(void)
{
#ifdef POP
    ck_stack_entry_t *entry = ck_stack_pop_upmc(&stack);
    if (entry)
        take(entry);
#else
    ck_stack_entry_t *entry, *next;
    for (entry = ck_stack_batch_pop_upmc(&stack); entry; entry = next) {
        next = CK_STACK_NEXT(entry);
        take(entry);
    }
#endif
}

static void *produce(void *number)
{
    int first = *(int *)number * ITEMS;
    for (int i = first; i < first + ITEMS; i++) {
        item[i].value = 1;
        ck_stack_push_upmc(&stack, &item[i].entry);
    }
    return number;
}

static void *consume(void *number)
{
    take_some();
    return number;
}

int main(void)
{
    pthread_t thread[PRODUCERS + CONSUMERS];
    int number[PRODUCERS + CONSUMERS];
    for (int i = 0; i < PRODUCERS + CONSUMERS; i++) {
        number[i] = i;
        pthread_create(&thread[i], NULL, i < PRODUCERS ? produce : consume, &number[i]);
    }
    for (int i = 0; i < PRODUCERS + CONSUMERS; i++)
        pthread_join(thread[i], NULL);
    while (!CK_STACK_ISEMPTY(&stack))
        take_some();
    for (int i = 0; i < PRODUCERS * ITEMS; i++)
        assert(item[i].taken);
}
