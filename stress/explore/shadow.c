#include "shadow.h"

#include "checkpoint.h"
#include "memory.h"

#include <string.h>

enum { GRAIN = 8 }; // bytes a cell stands for

struct cell {
    uintptr_t grain; // address / GRAIN, 0: free
    uint64_t run;    // in which the records were made
    int32_t records, locations;
};

struct record {
    int32_t next, thread;
    uint32_t time;
    uint8_t mask; // bytes of the cell
    uint8_t size; // of an atomic access, which may go on in the next cell
    bool write, atomic;
    const void *site;
};

struct location {
    uintptr_t address;
    size_t size;
    int32_t next; // in the same cell
};

enum { NONE = -1 };

static struct {
    struct cell *cell; // open addressing
    size_t cells, used;
    struct record *record;
    int records, record_capacity;
    struct location *location;
    int locations, location_capacity;
    uintptr_t *grain; // of the cells of this run
    int grains, grain_capacity;
    bool has_wide; // a location that goes on in the next cell
    uint64_t run;
} shadow;

void qx_shadow_begin(void)
{
    shadow.run++;
    shadow.records = shadow.grains = 0;
}

static size_t slot(uintptr_t grain)
{
    size_t i = (size_t)(grain * UINT64_C(0x9E3779B97F4A7C15) >> 20) & (shadow.cells - 1);
    while (shadow.cell[i].grain != grain && shadow.cell[i].grain != 0)
        i = (i + 1) & (shadow.cells - 1);
    return i;
}

static void enlarge(void)
{
    struct cell *old = shadow.cell;
    size_t old_cells = shadow.cells;
    shadow.cells = old_cells ? 4 * old_cells : 4096;
    shadow.cell = qx_grow(NULL, 0, shadow.cells * sizeof *shadow.cell);
    for (size_t i = 0; i < old_cells; i++) {
        if (old[i].grain)
            shadow.cell[slot(old[i].grain)] = old[i];
    }
    qx_release_memory(old, old_cells * sizeof *old);
}

static struct cell *find(uintptr_t grain)
{
    if (2 * shadow.used >= shadow.cells)
        enlarge();
    struct cell *cell = &shadow.cell[slot(grain)];
    if (cell->grain == 0) {
        *cell = (struct cell){.grain = grain, .records = NONE, .locations = NONE};
        shadow.used++;
    }
    if (cell->run != shadow.run) {
        cell->run = shadow.run;
        cell->records = NONE;
        shadow.grain = qx_room(shadow.grain, &shadow.grain_capacity, shadow.grains + 1, sizeof *shadow.grain);
        shadow.grain[shadow.grains++] = grain;
    }
    return cell;
}

void qx_shadow_keep(void)
{
    qx_keep(&shadow.records, sizeof shadow.records);
    qx_keep(shadow.record, (size_t)shadow.records * sizeof *shadow.record);
    qx_keep(&shadow.grains, sizeof shadow.grains);
    qx_keep(shadow.grain, (size_t)shadow.grains * sizeof *shadow.grain);
    shadow.run++; // to which the cells of the run that was left do not belong
    for (int i = 0; i < shadow.grains; i++) {
        struct cell *cell = &shadow.cell[slot(shadow.grain[i])];
        cell->run = shadow.run;
        qx_keep(&cell->records, sizeof cell->records);
    }
}

static int new_record(void)
{
    shadow.record =
        qx_room(shadow.record, &shadow.record_capacity, shadow.records + 1, sizeof *shadow.record);
    return shadow.records++;
}

// An earlier access need not be remembered if whatever races with it races with the new one too.
static bool supersedes(const struct qx_touch *new, uint8_t mask, const struct record *old)
{
    return (mask & old->mask) == old->mask && (new->write || !old->write) && (!new->atomic || old->atomic);
}

static enum qx_clash touch_cell(const struct qx_touch *new, struct cell *cell, uint8_t mask,
                                const struct record **clash)
{
    int32_t *link = &cell->records;
    int reusable = NONE;
    while (*link != NONE) {
        struct record *old = &shadow.record[*link];
        bool ordered = old->thread == new->thread || new->hb[old->thread] > old->time;
        bool overlap = mask & old->mask;
        *clash = old;
        bool both_atomic = new->atomic && old->atomic, any_write = new->write || old->write;
        bool other_size = mask != old->mask || (uint8_t) new->size != old->size;
        if (overlap && both_atomic && other_size && (!ordered || any_write))
            return QX_CLASH_SIZE;
        if (overlap && !ordered && any_write && !both_atomic)
            return QX_CLASH_RACE;
        if (ordered && supersedes(new, mask, old)) {
            reusable = *link;
            *link = old->next;
        } else {
            link = &old->next;
        }
    }
    int at = reusable != NONE ? reusable : new_record();
    shadow.record[at] = (struct record){.next = cell->records,
                                        .thread = new->thread,
                                        .time = new->time,
                                        .mask = mask,
                                        .size = (uint8_t) new->size,
                                        .write = new->write,
                                        .atomic = new->atomic,
                                        .site = new->site};
    cell->records = at;
    return QX_NO_CLASH;
}

enum qx_clash qx_shadow_touch(const struct qx_touch *touch, struct qx_touch *other)
{
    uintptr_t end = touch->address + touch->size;
    for (uintptr_t at = touch->address; at < end;) {
        uintptr_t grain = at / GRAIN, next = (grain + 1) * GRAIN;
        unsigned first = (unsigned)(at % GRAIN), last = next < end ? GRAIN : (unsigned)(end - grain * GRAIN);
        uint8_t mask = (uint8_t)(((1u << last) - 1) & ~((1u << first) - 1));
        const struct record *clash = NULL;
        enum qx_clash result = touch_cell(touch, find(grain), mask, &clash);
        if (result != QX_NO_CLASH) {
            *other = (struct qx_touch){.thread = clash->thread, .time = clash->time, .site = clash->site};
            return result;
        }
        at = next;
    }
    return QX_NO_CLASH;
}

int qx_shadow_location(uintptr_t address, size_t size)
{
    struct cell *cell = find(address / GRAIN);
    for (int l = cell->locations; l != NONE; l = shadow.location[l].next) {
        if (shadow.location[l].address == address && shadow.location[l].size == size)
            return l;
    }
    shadow.location =
        qx_room(shadow.location, &shadow.location_capacity, shadow.locations + 1, sizeof *shadow.location);
    shadow.location[shadow.locations] =
        (struct location){.address = address, .size = size, .next = cell->locations};
    shadow.has_wide = shadow.has_wide || size > GRAIN;
    return cell->locations = shadow.locations++;
}

uintptr_t qx_shadow_address(int location)
{
    return shadow.location[location].address;
}

size_t qx_shadow_size(int location)
{
    return shadow.location[location].size;
}

void qx_shadow_locations_in(uintptr_t address, size_t size, void (*visit)(int location))
{
    if (shadow.locations == 0)
        return;
    uintptr_t first = shadow.has_wide ? address - GRAIN : address;
    for (uintptr_t grain = first / GRAIN; grain * GRAIN < address + size; grain++) {
        const struct cell *cell = &shadow.cell[slot(grain)];
        if (cell->grain != grain)
            continue;
        for (int l = cell->locations; l != NONE; l = shadow.location[l].next) {
            const struct location *at = &shadow.location[l];
            if (at->address < address + size && address < at->address + at->size)
                visit(l);
        }
    }
}
