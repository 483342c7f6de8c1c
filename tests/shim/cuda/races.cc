#include "races.h"

#include "block.h"
#include "fibers.h"
#include "findings.h"
#include "shim.h"
#include "sites.h"

#include <algorithm>
#include <array>
#include <memory>
#include <unordered_map>
#include <vector>

namespace
{

enum { WARP = 32, PAGE_SHIFT = 12, PAGE = 1 << PAGE_SHIFT, WORD_SHIFT = 2 };

// Who touched it, where, in which stretch between barriers. A block's number is never used again.
struct record {
    uint64_t block : 36, thread : 10, : 18; // block 0: nobody
    uint32_t clock;
    uint32_t site;
};

struct cell {
    record write, read[2], atomic[2];
};

// Cells for words until somebody touches less.
struct page {
    unsigned shift = WORD_SHIFT;
    std::vector<cell> cells = std::vector<cell>(PAGE >> WORD_SHIFT);

    void split(unsigned finer)
    {
        std::vector<cell> split(PAGE >> finer);
        for (size_t i = 0; i < split.size(); i++)
            split[i] = cells[i >> (shift - finer)];
        cells = std::move(split);
        shift = finer;
    }
};

// A thread's stretches are counted by its clock; ordered before all of the block is what lies before `floor`,
// before lane b of the same warp what lies before seen[b][own lane].
struct thread_clocks {
    uint32_t now, floor;
    std::array<uint32_t, WARP> seen;
};

struct recent_page {
    uintptr_t number;
    page *cells;
};

struct {
    std::unordered_map<uintptr_t, page> pages;
    recent_page recent[256];
    uint64_t first_block = 1, end_block = 1, block; // of the launch; the one that runs
    unsigned threads;
    thread_clocks clocks[SHIM_FIBERS];
} state;

page *page_of(uintptr_t number)
{
    recent_page &recent = state.recent[number % std::size(state.recent)];
    if (recent.number != number || !recent.cells)
        recent = {number, &state.pages[number]}; // nodes of the map stay where they are
    return recent.cells;
}

// Is what the record says ordered before the running thread's access?
bool ordered(const record &before, unsigned thread, uintptr_t address)
{
    if (before.block < state.first_block)
        return true; // nobody, or an earlier launch, which streams and events order
    if (before.block != state.block)
        return block_owns(reinterpret_cast<const void *>(address), 1); // was another block's shared memory
    if (before.thread == thread)
        return true;
    const thread_clocks &other = state.clocks[before.thread];
    if (before.clock < other.floor)
        return true;
    return before.thread / WARP == thread / WARP &&
           before.clock < state.clocks[thread].seen[before.thread % WARP];
}

void report(const record &before, unsigned thread, uintptr_t address, const char *now, const char *then,
            uint32_t site)
{
    if (qsc_shim_finding())
        return; // to name the places takes long
    std::string what = block_describe(reinterpret_cast<const void *>(address));
    if (before.block == state.block)
        shim_found("race on %s: thread %u %s at %s; thread %u %s at %s; no barrier between them",
                   what.c_str(), thread, now, site_text(site).c_str(), unsigned(before.thread), then,
                   site_text(before.site).c_str());
    else
        shim_found("race on %s: block %llu %s at %s; block %llu %s at %s", what.c_str(),
                   static_cast<unsigned long long>(state.block - state.first_block), now,
                   site_text(site).c_str(), static_cast<unsigned long long>(before.block - state.first_block),
                   then, site_text(before.site).c_str());
}

// Reports at most one of what was done before.
bool check(const record &before, unsigned thread, uintptr_t address, const char *now, const char *then,
           uint32_t site)
{
    bool race = !ordered(before, thread, address);
    if (race)
        report(before, thread, address, now, then, site);
    return race;
}

// Who did the same before this thread by order need not be known any more. Of others two are kept, of
// different warps where there are such: a barrier of one warp orders neither pair.
void keep(record (&kept)[2], const record &self, unsigned thread, uintptr_t address)
{
    record &one = kept[0], &two = kept[1];
    if (ordered(one, thread, address))
        one = self;
    else if (ordered(two, thread, address) ||
             (two.thread / WARP == one.thread / WARP && one.thread / WARP != thread / WARP))
        two = self;
}

void touch(cell &cell, uintptr_t address, unsigned thread, enum shim_access access, uint32_t site)
{
    static const char *const texts[] = {"reads", "writes", "changes atomically"};
    const char *now = texts[access];
    record self = {};
    self.block = state.block & (UINT64_MAX >> 28);
    self.thread = thread & (SHIM_FIBERS - 1);
    self.clock = state.clocks[thread].now;
    self.site = site;
    bool race = check(cell.write, thread, address, now, "wrote it", site);
    for (int i = 0; i < 2 && !race && access != SHIM_READ; i++)
        race = check(cell.read[i], thread, address, now, "read it", site);
    for (int i = 0; i < 2 && !race && access != SHIM_ATOMIC; i++)
        race = check(cell.atomic[i], thread, address, now, "changed it atomically", site);
    if (access == SHIM_WRITE)
        cell.write = self;
    else
        keep(access == SHIM_READ ? cell.read : cell.atomic, self, thread, address);
}

} // namespace

void races_begin()
{
    state.pages.clear();
    std::fill(std::begin(state.recent), std::end(state.recent), recent_page());
}

void races_begin_launch(uint64_t blocks)
{
    state.first_block = state.end_block;
    state.end_block += blocks;
}

void races_begin_block(uint64_t block, unsigned threads)
{
    state.block = state.first_block + block;
    state.threads = threads;
    for (unsigned i = 0; i < threads; i++)
        state.clocks[i] = {1, 0, {}};
}

void races_block_barrier()
{
    for (unsigned i = 0; i < state.threads; i++)
        state.clocks[i].floor = ++state.clocks[i].now;
}

void races_warp_barrier(unsigned first, uint32_t mask)
{
    std::array<uint32_t, WARP> seen = {};
    for (unsigned member = 0; member < WARP; member++)
        if (mask >> member & 1) {
            thread_clocks &clocks = state.clocks[first + member];
            clocks.seen[member] = ++clocks.now;
            for (unsigned lane = 0; lane < WARP; lane++)
                seen[lane] = std::max(seen[lane], clocks.seen[lane]);
        }
    for (unsigned member = 0; member < WARP; member++)
        if (mask >> member & 1)
            state.clocks[first + member].seen = seen;
}

void races_access(const void *memory, size_t size, enum shim_access access, uint32_t site)
{
    uintptr_t address = reinterpret_cast<uintptr_t>(memory), end = address + size;
    if (fiber_owns(address))
        return;
    if (!block_owns(memory, size) && !block_may_use(memory, size)) {
        if (qsc_shim_finding())
            return;
        shim_found("thread %u %s %zu bytes outside of what the device has: %s; at %s", fiber_current(),
                   access == SHIM_READ ? "reads" : "writes", size, block_describe(memory).c_str(),
                   site_text(site).c_str());
        return;
    }
    unsigned align = static_cast<unsigned>(__builtin_ctzll(address | size | 1 << WORD_SHIFT));
    while (address < end) {
        page *page = page_of(address >> PAGE_SHIFT);
        if (align < page->shift)
            page->split(align);
        uintptr_t stop = std::min(end, (address | (PAGE - 1)) + 1);
        for (; address < stop; address += uintptr_t(1) << page->shift)
            touch(page->cells[(address & (PAGE - 1)) >> page->shift], address, fiber_current(), access, site);
    }
}
