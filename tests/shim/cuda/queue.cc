#include "queue.h"

#include "random.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <system_error>
#include <thread>

namespace
{

struct {
    std::mutex mutex; // of all below
    std::condition_variable changed;
    shim_random random;
    size_t eagerness; // of four
    std::vector<operation_ref> pending;
    std::vector<std::thread> threads;
    bool stopping, failed;
} state;

bool all_over(const std::vector<operation_ref> &operations)
{
    return std::all_of(operations.begin(), operations.end(), is_over);
}

cudaError_t failure()
{
    return state.failed ? cudaErrorLaunchFailure : cudaSuccess;
}

// Of the operations that may begin, one is drawn and executed, the lock given up meanwhile. False: there is
// none.
bool run_one(queue_guard &lock)
{
    std::vector<operation_ref> ready;
    for (const operation_ref &candidate : state.pending)
        if (!candidate->begun && all_over(candidate->after))
            ready.push_back(candidate);
    if (ready.empty())
        return false;
    operation_ref drawn = ready[state.random.below(ready.size())];
    drawn->begun = true;
    bool run = drawn->run && !state.failed;
    lock.unlock();
    if (run)
        drawn->run();
    drawn->run = nullptr;
    lock.lock();
    drawn->over = true;
    drawn->after.clear();
    auto place = std::find(state.pending.begin(), state.pending.end(), drawn);
    if (place != state.pending.end())
        state.pending.erase(place);
    state.changed.notify_all();
    return true;
}

void engine()
{
    queue_guard lock(state.mutex);
    while (!state.stopping) {
        if (state.random.below(4) == 0) {
            auto pause = std::chrono::microseconds(state.random.below(200));
            lock.unlock();
            std::this_thread::sleep_for(pause);
            lock.lock();
        }
        if (!state.stopping && !run_one(lock))
            state.changed.wait(lock);
    }
}

} // namespace

queue_guard queue_lock()
{
    return queue_guard(state.mutex);
}

operation_ref queue_add(queue_guard &, std::function<void()> run, std::vector<operation_ref> after)
{
    auto added = std::make_shared<operation>();
    added->run = std::move(run);
    added->after = std::move(after);
    state.pending.push_back(added);
    state.changed.notify_all();
    return added;
}

cudaError_t queue_wait(queue_guard &lock, const std::vector<operation_ref> &awaited)
{
    while (!all_over(awaited))
        if (!state.threads.empty() || !run_one(lock))
            state.changed.wait(lock);
    return failure();
}

cudaError_t queue_wait_all(queue_guard &lock)
{
    return queue_wait(lock, std::vector<operation_ref>(state.pending));
}

cudaError_t queue_query(queue_guard &lock, const std::vector<operation_ref> &awaited)
{
    if (state.threads.empty() && state.random.below(2) == 0)
        run_one(lock);
    return all_over(awaited) ? cudaSuccess : cudaErrorNotReady;
}

void queue_maybe_run()
{
    queue_guard lock(state.mutex);
    while (state.threads.empty() && state.random.below(4) < state.eagerness && run_one(lock)) {
    }
}

cudaError_t queue_failure()
{
    queue_guard lock(state.mutex);
    return failure();
}

void queue_fail()
{
    queue_guard lock(state.mutex);
    state.failed = true;
}

uint64_t queue_draw()
{
    queue_guard lock(state.mutex);
    return state.random.next();
}

int queue_threads(int threads)
{
    queue_guard lock(state.mutex);
    try {
        for (int i = 0; i < threads; i++)
            state.threads.emplace_back(engine);
    } catch (const std::system_error &error) {
        return error.code().value();
    }
    return 0;
}

void queue_begin(uint64_t seed)
{
    std::vector<std::thread> threads;
    {
        queue_guard lock(state.mutex);
        state.stopping = true;
        threads.swap(state.threads);
        state.changed.notify_all();
    }
    for (std::thread &thread : threads)
        thread.join();
    queue_guard lock(state.mutex);
    state.random = {seed};
    state.eagerness = state.random.below(5);
    state.pending.clear();
    state.stopping = state.failed = false;
}
