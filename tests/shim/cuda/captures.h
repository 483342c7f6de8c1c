/* Captures: what is given to a captured stream is not queued but becomes a node of a graph. */
#ifndef QSC_SHIM_CUDA_CAPTURES_H
#define QSC_SHIM_CUDA_CAPTURES_H

#include <cuda_runtime.h>

#include <cstddef>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

struct node {
    std::function<void()> run;
    std::vector<size_t> after; // numbers of nodes before it
};

struct capture {
    std::vector<node> nodes;
    cudaStream_t origin;
    enum cudaStreamCaptureMode mode;
    std::thread::id thread;
    bool invalid = false;
};

/* Where a stream or an event stands in a capture, if in one: what comes next waits for these nodes. */
struct capture_place {
    std::shared_ptr<capture> of;
    std::vector<size_t> tips;
};

/* The queue's lock guards captures, and is held by who calls these. */
cudaError_t capture_add(capture_place &place, std::function<void()> run);

/* What comes next waits for the nodes of the other place, too. */
void capture_join(capture_place &place, const capture_place &other);

/* The error of what must not happen to a captured stream, and ends the capture; cudaSuccess for others. */
cudaError_t capture_refuse(const capture_place &place);

/* Does a capture forbid calls that touch the whole device? Then it is ended. Called without the lock. */
bool capture_forbids();

#endif
