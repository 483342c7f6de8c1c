/* The engine: operations, and what must be over before each begins. Of those that are free to begin, one is
 * drawn; whatever waits executes them, or real threads do. Streams, events and graphs say what comes after
 * what. */
#ifndef QSC_SHIM_CUDA_QUEUE_H
#define QSC_SHIM_CUDA_QUEUE_H

#include <cuda_runtime.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

struct operation {
    std::function<void()> run; // empty: a mark that events and graphs need
    std::vector<std::shared_ptr<operation>> after;
    bool begun = false, over = false;
};
using operation_ref = std::shared_ptr<operation>;

/* Nothing is over, too. */
inline bool is_over(const operation_ref &one)
{
    return !one || one->over;
}

/* One lock guards operations, streams, events and graphs. No operation runs under it. */
using queue_guard = std::unique_lock<std::mutex>;
queue_guard queue_lock();

/* It begins when what it comes after is over. */
operation_ref queue_add(queue_guard &lock, std::function<void()> run, std::vector<operation_ref> after);

/* Until all of them are over, the lock given up meanwhile; all that is queued now. */
cudaError_t queue_wait(queue_guard &lock, const std::vector<operation_ref> &awaited);
cudaError_t queue_wait_all(queue_guard &lock);

/* cudaErrorNotReady while one of them is not over; who polls often enough gets there. */
cudaError_t queue_query(queue_guard &lock, const std::vector<operation_ref> &awaited);

/* Executes some of what may begin, or nothing, as the seed has it. Without the lock, as all below. */
void queue_maybe_run();

/* cudaErrorLaunchFailure after a kernel that could not go on: from then on nothing is executed. */
cudaError_t queue_failure();
void queue_fail();

/* A number for a launch's own orders. */
uint64_t queue_draw();

/* Real threads execute from now on. Returns 0 or pthread_create's error. */
int queue_threads(int threads);

/* Drops what is queued; ends the threads. */
void queue_begin(uint64_t seed);

#endif
