/* The device's work: operations and what must be over before each. A stream orders its own, events order
 * those of different streams; of the operations that are free to begin, one is drawn. */
#ifndef QSC_SHIM_CUDA_QUEUE_H
#define QSC_SHIM_CUDA_QUEUE_H

#include <cuda_runtime.h>

#include <cstdint>
#include <functional>

/* Adds to a stream, or to what the stream is being captured in. */
cudaError_t queue_add(cudaStream_t stream, std::function<void()> run);

bool queue_captures(cudaStream_t stream);

/* Until all that is in the stream now is over; in all streams. */
cudaError_t queue_wait_stream(cudaStream_t stream);
cudaError_t queue_wait_all();

/* Does the calling thread execute a function of cudaLaunchHostFunc? */
bool queue_in_host_function();

/* Executes some of what may begin, or nothing, as the seed has it. */
void queue_maybe_run();

/* cudaErrorLaunchFailure after a kernel that could not go on: from then on nothing is executed. */
cudaError_t queue_failure();
void queue_fail();

/* A number for a launch's own orders. */
uint64_t queue_draw();

/* Real threads execute from now on. */
int queue_threads(int threads);

/* Does a capture forbid calls that touch the whole device? */
bool queue_forbids();

/* Drops what is queued; ends the threads. */
void queue_begin(uint64_t seed);

/* Streams, events and graphs that live. */
size_t queue_live();

#endif
