/* ck_fifo_spsc: in order, nothing lost; entries come back through its recycling. */
#include <assert.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>

#include <ck_fifo.h>

#ifndef ITEMS
#define ITEMS 3
#endif

static ck_fifo_spsc_t fifo;
static int item[ITEMS];

static void *produce(void *unused)
{
    for (int i = 0; i < ITEMS; i++) {
        ck_fifo_spsc_entry_t *entry = ck_fifo_spsc_recycle(&fifo);
        if (!entry)
            entry = malloc(sizeof *entry);
        item[i] = i + 1;
        ck_fifo_spsc_enqueue(&fifo, entry, &item[i]);
    }
    return unused;
}

int main(void)
{
    pthread_t producer;
    ck_fifo_spsc_init(&fifo, malloc(sizeof(ck_fifo_spsc_entry_t)));
    pthread_create(&producer, NULL, produce, NULL);
    for (int i = 0; i < ITEMS; i++) {
        int *got;
        while (!ck_fifo_spsc_dequeue(&fifo, &got))
            sched_yield();
        assert(*got == i + 1);
    }
    pthread_join(producer, NULL);
    assert(ck_fifo_spsc_isempty(&fifo));
    ck_fifo_spsc_entry_t *entry, *next;
    ck_fifo_spsc_deinit(&fifo, &entry);
    for (; entry; entry = next) {
        next = entry->next;
        free(entry);
    }
}
