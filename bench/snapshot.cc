// What a reader pays to look at the current version, and a publisher to replace it, beside the usual ways.
//
// Two ways to look: for a glance (enter_leave) and for long work (pin_unpin). Each is measured through the
// public API from this translation unit, against the static library. The cell's reclaiming thread lives all
// the time: in a process with one thread glibc's locks skip their atomic instructions, and the comparison
// would flatter them.
#include <atomic>
#include <benchmark/benchmark.h>
#include <cstdio>
#include <cstdlib>
#include <pthread.h>

#include <quiesce/concurrency/snapshot_labels.h>
#include <quiesce/model/refcount_cell.h>

namespace
{

struct Object {
    int value;
    std::atomic<long> references{1};
};

Object object;

void require(int error)
{
    if (error) {
        std::fprintf(stderr, "bench-snapshot: unexpected error %d\n", error);
        std::abort();
    }
}

struct Cells {
    qsc_snapshot snapshot;
    qsc_refcount_cell *refcount;
    std::atomic<Object *> pointer{&object};
    pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;

    Cells()
    {
        const void *former;
        require(qsc_snapshot_init(&snapshot, nullptr));
        require(qsc_snapshot_publish(&snapshot, &object, sizeof object, nullptr, nullptr));
        require(qsc_refcount_cell_create(&refcount));
        require(qsc_refcount_cell_update(refcount, &object, &former));
    }
    ~Cells()
    {
        require(qsc_snapshot_fini(&snapshot));
        qsc_refcount_cell_destroy(refcount);
    }
};

Cells cells;

void look(const void *seen)
{
    benchmark::DoNotOptimize(static_cast<const Object *>(seen)->value);
}

void enter_leave_qsc(benchmark::State &state)
{
    for (auto _ : state) {
        look(qsc_snapshot_enter(&cells.snapshot)->object);
        qsc_snapshot_leave(&cells.snapshot);
    }
}

// The floor: no protection at all.
void enter_leave_acquire_load(benchmark::State &state)
{
    for (auto _ : state)
        look(cells.pointer.load(std::memory_order_acquire));
}

void enter_leave_pthread_rwlock(benchmark::State &state)
{
    for (auto _ : state) {
        pthread_rwlock_rdlock(&cells.rwlock);
        look(cells.pointer.load(std::memory_order_relaxed));
        pthread_rwlock_unlock(&cells.rwlock);
    }
}

void pin_unpin_qsc(benchmark::State &state)
{
    for (auto _ : state) {
        qsc_pin pin;
        if (qsc_snapshot_pin(&cells.snapshot, &pin))
            return state.SkipWithError("no pin");
        look(pin.version->object);
        qsc_snapshot_unpin(&pin);
    }
}

// With a canary for every second key: each pin hashes its key.
void pin_for_unpin_qsc(benchmark::State &state)
{
    uint64_t id, key = 0;
    require(qsc_snapshot_publish_canary(&cells.snapshot, 0.5, &object, sizeof object, nullptr, &id));
    for (auto _ : state) {
        qsc_pin pin;
        if (qsc_snapshot_pin_for(&cells.snapshot, key++, &pin))
            return state.SkipWithError("no pin");
        look(pin.version->object);
        qsc_snapshot_unpin(&pin);
    }
    require(qsc_snapshot_roll_back(&cells.snapshot, id));
}

// The least that counting can cost. Alone it is not safe: the object may go between the load and the
// increment.
void pin_unpin_refcount(benchmark::State &state)
{
    for (auto _ : state) {
        Object *seen = cells.pointer.load(std::memory_order_acquire);
        seen->references.fetch_add(1, std::memory_order_relaxed);
        look(seen);
        seen->references.fetch_sub(1, std::memory_order_acq_rel);
    }
}

void pin_unpin_fast_read_dynamic_ptr(benchmark::State &state)
{
    for (auto _ : state) {
        qsc_refcount_cell_ref reference;
        qsc_refcount_cell_get(cells.refcount, &reference);
        look(reference.object);
        qsc_refcount_cell_put(&reference);
    }
}

// Replaced versions are reclaimed at the same time, on another core where there is one.
void publish_qsc(benchmark::State &state)
{
    for (auto _ : state)
        if (qsc_snapshot_publish(&cells.snapshot, &object, sizeof object, nullptr, nullptr))
            return state.SkipWithError("not published");
    qsc_snapshot_stats stats;
    qsc_snapshot_get_stats(&cells.snapshot, &stats);
    state.counters["visible_mean_ns"] = static_cast<double>(stats.publish.mean_ns);
    state.counters["visible_max_ns"] = static_cast<double>(stats.publish.max_ns);
    state.counters["live_max"] = static_cast<double>(stats.live_versions_max);
}

void publish_fast_read_dynamic_ptr(benchmark::State &state)
{
    const void *former;
    for (auto _ : state)
        if (qsc_refcount_cell_update(cells.refcount, &object, &former))
            return state.SkipWithError("not updated");
}

BENCHMARK(enter_leave_acquire_load)->Name("snapshot/enter_leave/acquire_load");
BENCHMARK(enter_leave_qsc)->Name("snapshot/enter_leave/qsc");
BENCHMARK(enter_leave_pthread_rwlock)->Name("snapshot/enter_leave/pthread_rwlock");
BENCHMARK(pin_unpin_qsc)->Name("snapshot/pin_unpin/qsc");
BENCHMARK(pin_for_unpin_qsc)->Name("snapshot/pin_for_unpin/qsc");
BENCHMARK(pin_unpin_refcount)->Name("snapshot/pin_unpin/refcount");
BENCHMARK(pin_unpin_fast_read_dynamic_ptr)->Name("snapshot/pin_unpin/fast_read_dynamic_ptr");
BENCHMARK(pin_unpin_qsc)->Name("snapshot/pin_unpin/qsc")->Threads(2);
BENCHMARK(pin_unpin_refcount)->Name("snapshot/pin_unpin/refcount")->Threads(2);
BENCHMARK(pin_unpin_fast_read_dynamic_ptr)->Name("snapshot/pin_unpin/fast_read_dynamic_ptr")->Threads(2);
BENCHMARK(publish_qsc)->Name("snapshot/publish/qsc");
BENCHMARK(publish_fast_read_dynamic_ptr)->Name("snapshot/publish/fast_read_dynamic_ptr");

} // namespace
