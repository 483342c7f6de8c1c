#include "block.h"

#include "fibers.h"
#include "findings.h"
#include "memory.h"
#include "races.h"
#include "random.h"
#include "sites.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

extern "C" const char __executable_start, _end;

namespace
{

enum { WARP = 32 };

enum waiting { RUNS, BARRIER, VOTE, SYNCWARP, SHUFFLE, BALLOT, REDUCE, ENDED };

const char *const operation_names[] = {
    "", "__syncthreads", "__syncthreads_*", "__syncwarp", "__shfl_*_sync", "a vote", "__reduce_*_sync", ""};

struct thread {
    uint3 index;
    waiting waits;
    const char *file;
    int line;
    uint32_t mask;
    int source, width; // of a shuffle; how, of a reduction or vote
    uint64_t value;    // handed in, then handed out
};

struct deallocate {
    void operator()(void *memory) const
    {
        memory_deallocate(memory);
    }
};

struct shared_array {
    const void *site;
    const char *name;
    std::unique_ptr<char, deallocate> memory;
    size_t size;
};

struct {
    const qsc_shim_launch *launch;
    shim_random random;
    uint3 index;
    unsigned size; // threads of the block
    thread threads[SHIM_FIBERS];
    std::vector<unsigned> ready;
    unsigned at_barrier, in_warp[SHIM_FIBERS / WARP], ended;
    bool stuck;
    std::vector<shared_array> shared; // the dynamic one first
    size_t static_bytes;
    memory_piece recent[4];
    unsigned next_recent;
    unsigned long generation; // of the pieces
} block;

thread_local bool running;

thread &self()
{
    return block.threads[fiber_current()];
}

bool within(const void *address, size_t size, const void *begin, size_t bytes)
{
    size_t offset =
        static_cast<size_t>(static_cast<const char *>(address) - static_cast<const char *>(begin));
    return offset < bytes && bytes - offset >= size;
}

std::string name_of(unsigned thread)
{
    uint3 t = block.threads[thread].index, b = block.index;
    char text[128];
    snprintf(text, sizeof text, "thread (%u,%u,%u) of block (%u,%u,%u) of %s", t.x, t.y, t.z, b.x, b.y, b.z,
             block.launch->name);
    return text;
}

std::string place_of(const thread &t)
{
    if (t.waits == ENDED)
        return "has ended";
    std::string text = std::string("waits in ") + operation_names[t.waits] + " at " +
                       site_text(site_of_line(t.file, t.line));
    if (t.waits > VOTE) {
        char mask[32];
        snprintf(mask, sizeof mask, " of mask 0x%x", t.mask);
        text += mask;
    }
    return text;
}

bool together(const thread &a, const thread &b)
{
    if (a.waits != b.waits)
        return false;
    if (a.waits <= VOTE) // a block's: the same line for all
        return a.line == b.line && strcmp(a.file, b.file) == 0 && a.width == b.width;
    return a.mask == b.mask && a.width == b.width;
}

[[noreturn]] void give_up()
{
    block.stuck = true;
    for (;;)
        fiber_pause();
}

void make_ready(unsigned thread)
{
    block.threads[thread].waits = RUNS;
    block.ready.push_back(thread);
}

uint64_t reduced(uint64_t a, uint64_t b, int how)
{
    auto less = static_cast<int64_t>(a) < static_cast<int64_t>(b);
    switch (how) {
    case QSC_SHIM_ADD:
        return a + b;
    case QSC_SHIM_MIN:
        return less ? a : b;
    case QSC_SHIM_MAX:
        return less ? b : a;
    case QSC_SHIM_AND:
        return a & b;
    case QSC_SHIM_OR:
        return a | b;
    default:
        return a ^ b;
    }
}

// All threads from first on, as far as the mask names them, wait in the same operation: what comes out of it?
template <typename Named> void finish(unsigned first, unsigned count, Named named)
{
    uint64_t in[SHIM_FIBERS], all = 0;
    bool any = false;
    for (unsigned i = 0; i < count; i++)
        if (named(i)) {
            const thread &t = block.threads[first + i];
            in[i] = t.value;
            if (t.waits == BALLOT)
                all |= uint64_t(t.value != 0) << i;
            else if (t.waits == REDUCE || t.waits == VOTE)
                all = any ? reduced(all, t.value, t.width) : t.value;
            any = true;
        }
    for (unsigned i = 0; i < count; i++)
        if (named(i)) {
            thread &t = block.threads[first + i];
            t.value = t.waits == SHUFFLE ? in[t.source] : all;
            make_ready(first + i);
        }
}

void wait_in(waiting what, const char *file, int line)
{
    thread &t = self();
    t.waits = what;
    t.file = file;
    t.line = line;
}

void wait_for_block(waiting what, const char *file, int line)
{
    wait_in(what, file, line);
    if (++block.at_barrier == block.size) {
        for (unsigned i = 1; i < block.size; i++)
            if (!together(block.threads[0], block.threads[i])) {
                shim_found("divergent barrier: %s %s, %s %s", name_of(0).c_str(),
                           place_of(block.threads[0]).c_str(), name_of(i).c_str(),
                           place_of(block.threads[i]).c_str());
                give_up();
            }
        block.at_barrier = 0;
        races_block_barrier();
        finish(0, block.size, [](unsigned) { return true; });
    }
    fiber_pause();
}

void wait_for_warp(waiting what, const char *file, int line, uint32_t mask)
{
    unsigned own = fiber_current(), first = own / WARP * WARP, lane = own % WARP;
    unsigned count = std::min<unsigned>(WARP, block.size - first);
    wait_in(what, file, line);
    self().mask = mask;
    if (!(mask >> lane & 1) || (count < WARP && mask >> count != 0)) {
        shim_found("%s %s, which %s", name_of(own).c_str(), place_of(self()).c_str(),
                   mask >> lane & 1 ? "names lanes that the warp does not have"
                                    : "does not name its own lane");
        give_up();
    }
    if (++block.in_warp[first / WARP] >= static_cast<unsigned>(__builtin_popcount(mask))) {
        bool all = true;
        for (unsigned i = 0; i < count && all; i++)
            all = !(mask >> i & 1) || together(block.threads[first + i], self());
        if (all) {
            block.in_warp[first / WARP] -= static_cast<unsigned>(__builtin_popcount(mask));
            if (what == SYNCWARP)
                races_warp_barrier(first, mask);
            finish(first, count, [mask](unsigned i) { return mask >> i & 1; });
        }
    }
    fiber_pause();
}

// Nobody can run and not all have ended: who waits for whom?
void explain()
{
    for (unsigned i = 0; i < block.size; i++) {
        const thread &t = block.threads[i];
        if (t.waits == ENDED)
            continue;
        bool of_block = t.waits <= VOTE;
        unsigned first = of_block ? 0 : i / WARP * WARP, count = of_block ? block.size : unsigned(WARP);
        for (unsigned k = first; k < std::min(first + count, block.size); k++)
            if ((of_block || t.mask >> (k - first) & 1) && !together(t, block.threads[k])) {
                shim_found("%s: %s %s, but %s %s",
                           of_block ? "a barrier that not all threads of the block reach"
                                    : "a lane of the mask is missing",
                           name_of(i).c_str(), place_of(t).c_str(), name_of(k).c_str(),
                           place_of(block.threads[k]).c_str());
                return;
            }
    }
}

void run_thread()
{
    block.launch->run(block.launch->arguments.get());
    running = false;
    self().waits = ENDED;
    block.ended++;
}

void add_shared(const void *site, const char *name, size_t size)
{
    void *memory = memory_allocate(size);
    if (!memory) {
        fputs("CUDA shim: no memory left for shared memory\n", stderr);
        abort();
    }
    block.shared.push_back(
        {site, name, std::unique_ptr<char, deallocate>(static_cast<char *>(memory)), size});
}

bool execute_block(uint64_t linear)
{
    const dim3 grid = block.launch->grid, size = block.launch->block;
    block.index = {static_cast<unsigned>(linear % grid.x), static_cast<unsigned>(linear / grid.x % grid.y),
                   static_cast<unsigned>(linear / grid.x / grid.y)};
    block.ready.clear();
    block.at_barrier = block.ended = 0;
    block.stuck = false;
    block.static_bytes = 0;
    std::fill(std::begin(block.in_warp), std::end(block.in_warp), 0);
    add_shared(nullptr, "the dynamic shared memory", block.launch->shared_bytes);
    for (unsigned i = 0; i < block.size; i++) {
        block.threads[i] = {};
        block.threads[i].index = {i % size.x, i / size.x % size.y, i / size.x / size.y};
        fiber_prepare(i, run_thread);
        make_ready(i);
    }
    races_begin_block(linear, block.size);
    while (!block.ready.empty() && !block.stuck) {
        size_t drawn = block.random.below(block.ready.size());
        unsigned next = block.ready[drawn];
        block.ready[drawn] = block.ready.back();
        block.ready.pop_back();
        running = true;
        fiber_resume(next);
        running = false;
    }
    bool done = block.ended == block.size;
    if (!done && !block.stuck)
        explain();
    block.shared.clear();
    return done;
}

} // namespace

bool block_execute(const qsc_shim_launch &launch, uint64_t seed)
{
    block.launch = &launch;
    block.random = {seed};
    block.size = launch.block.x * launch.block.y * launch.block.z;
    std::vector<uint64_t> order(static_cast<size_t>(launch.grid.x) * launch.grid.y * launch.grid.z);
    std::iota(order.begin(), order.end(), uint64_t(0));
    for (size_t i = order.size(); i > 1; i--)
        std::swap(order[i - 1], order[block.random.below(i)]);
    races_begin_launch(order.size());
    bool done = true;
    for (size_t i = 0; i < order.size() && done; i++)
        done = execute_block(order[i]);
    return done;
}

bool block_running()
{
    return running;
}

block_pause::block_pause()
{
    running = false;
}

block_pause::~block_pause()
{
    running = true;
}

bool block_owns(const void *address, size_t size)
{
    for (const shared_array &array : block.shared)
        if (within(address, size, array.memory.get(), array.size))
            return true;
    return false;
}

bool block_may_use(const void *address, size_t size)
{
    unsigned long generation = memory_generation();
    if (block.generation != generation)
        std::fill(std::begin(block.recent), std::end(block.recent), memory_piece());
    block.generation = generation;
    for (const memory_piece &piece : block.recent)
        if (within(address, size, piece.begin, piece.size))
            return true;
    memory_piece piece = memory_find(address);
    if (within(address, size, piece.begin, piece.size)) {
        block.recent[block.next_recent++ % std::size(block.recent)] = piece;
        return true;
    }
    return within(address, size, &__executable_start, static_cast<size_t>(&_end - &__executable_start)) ||
           within(address, size, block.launch->arguments.get(), block.launch->argument_bytes);
}

std::string block_describe(const void *address)
{
    std::string what;
    for (const shared_array &array : block.shared) {
        ptrdiff_t offset = static_cast<const char *>(address) - array.memory.get();
        if (offset >= 0 && offset < static_cast<ptrdiff_t>(array.size) + MEMORY_ALIGNMENT)
            what = "byte " + std::to_string(offset) + " of " + array.name + ", which has " +
                   std::to_string(array.size);
    }
    if (what.empty())
        what = memory_describe(address);
    uint3 b = block.index;
    char where[64];
    snprintf(where, sizeof where, ", in block (%u,%u,%u) of ", b.x, b.y, b.z);
    return what + where + block.launch->name;
}

uint3 qsc_shim_thread_index()
{
    return self().index;
}

uint3 qsc_shim_block_index()
{
    return block.index;
}

dim3 qsc_shim_block_dim()
{
    return block.launch->block;
}

dim3 qsc_shim_grid_dim()
{
    return block.launch->grid;
}

void *qsc_shim_shared(const void *site, const char *name, size_t size)
{
    block_pause own;
    for (const shared_array &array : block.shared)
        if (array.site == site)
            return array.memory.get();
    block.static_bytes += size;
    if (block.static_bytes > BLOCK_STATIC_SHARED)
        shim_found("%s declares %zu bytes of shared memory, more than the %d that a kernel may",
                   block.launch->name, block.static_bytes, BLOCK_STATIC_SHARED);
    add_shared(site, name, size);
    return block.shared.back().memory.get();
}

void *qsc_shim_dynamic_shared()
{
    return block.shared.front().memory.get();
}

void qsc_shim_block_barrier(const char *file, int line)
{
    block_pause own;
    self().width = 0;
    wait_for_block(BARRIER, file, line);
}

int qsc_shim_block_vote(const char *file, int line, int predicate, enum qsc_shim_reduction how)
{
    block_pause own;
    self().value = static_cast<uint64_t>(predicate);
    self().width = how;
    wait_for_block(VOTE, file, line);
    return static_cast<int>(self().value);
}

void qsc_shim_warp_barrier(const char *file, int line, unsigned mask)
{
    block_pause own;
    self().width = 0;
    wait_for_warp(SYNCWARP, file, line, mask);
}

uint64_t qsc_shim_shuffle(const char *file, int line, unsigned mask, uint64_t value, int source, int width)
{
    block_pause own;
    thread &t = self();
    t.value = value;
    t.source = source;
    t.width = width;
    if (!(mask >> source & 1)) {
        wait_in(SHUFFLE, file, line);
        t.mask = mask;
        shim_found("%s %s: it reads lane %d, which the mask does not name", name_of(fiber_current()).c_str(),
                   place_of(t).c_str(), source);
        give_up();
    }
    wait_for_warp(SHUFFLE, file, line, mask);
    return self().value;
}

unsigned qsc_shim_ballot(const char *file, int line, unsigned mask, int predicate)
{
    block_pause own;
    self().value = predicate != 0;
    self().width = 0;
    wait_for_warp(BALLOT, file, line, mask);
    return static_cast<unsigned>(self().value);
}

int64_t qsc_shim_reduce(const char *file, int line, unsigned mask, int64_t value, enum qsc_shim_reduction how)
{
    block_pause own;
    self().value = static_cast<uint64_t>(value);
    self().width = how;
    wait_for_warp(REDUCE, file, line, mask);
    return static_cast<int64_t>(self().value);
}

void qsc_shim_atomic(const char *file, int line, const void *address, size_t size)
{
    block_pause own;
    races_access(address, size, SHIM_ATOMIC, site_of_line(file, line));
}
