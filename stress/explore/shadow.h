/* What the explorer knows about the program's memory: which addresses are atomic locations, and who accessed
 * a byte last (for data races). */
#ifndef QUIESCE_EXPLORE_SHADOW_H
#define QUIESCE_EXPLORE_SHADOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct qx_touch {
    uintptr_t address;
    size_t size;
    bool write, atomic;
    int thread;
    uint32_t time;      // events of the thread before it
    const uint32_t *hb; // what the thread knows
    const void *site;
};

enum qx_clash { QX_NO_CLASH, QX_CLASH_RACE, QX_CLASH_SIZE };

/* Forgets who accessed what: a new execution begins. */
void qx_shadow_begin(void);

void qx_shadow_keep(void); // for a checkpoint

/* Notes an access; tells whether it races with an earlier one (its site, thread and time in *other), or is an
 * atomic access that overlaps another of a different size; unless both read, whatever their order: no
 * location has two sizes. */
enum qx_clash qx_shadow_touch(const struct qx_touch *touch, struct qx_touch *other);

/* The number of the atomic location of this address and size; it stays the same for ever. */
int qx_shadow_location(uintptr_t address, size_t size);
uintptr_t qx_shadow_address(int location);
size_t qx_shadow_size(int location);

/* Calls visit() for each atomic location that has some of these bytes. */
void qx_shadow_locations_in(uintptr_t address, size_t size, void (*visit)(int location));

#endif
