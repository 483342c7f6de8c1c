/* Streams: each orders what it is given; the default stream and those that block on it order each other. */
#ifndef QSC_SHIM_CUDA_STREAMS_H
#define QSC_SHIM_CUDA_STREAMS_H

#include "captures.h"
#include "handles.h"
#include "queue.h"

struct qsc_shim_stream {
    bool blocking; // towards the default stream
    operation_ref last;
    capture_place captured;
};

/* Without the default stream. Who touches them or calls what follows holds the queue's lock. */
extern handles<qsc_shim_stream> streams;

/* NULL where the handle is wrong, which is a finding. */
qsc_shim_stream *stream_of(cudaStream_t handle);

/* Is it the default stream, while one that blocks on it is captured? Then that capture is ended. */
bool stream_is_implicitly_captured(qsc_shim_stream *stream);

/* Queues what comes next in the stream, after more than what is in it. */
operation_ref stream_append(queue_guard &lock, qsc_shim_stream *stream, std::function<void()> run,
                            std::vector<operation_ref> also_after = {});

/* Adds to a stream, or to what the stream is being captured in. Without the lock, as all below. */
cudaError_t stream_add(cudaStream_t stream, std::function<void()> run);

bool stream_is_captured(cudaStream_t stream);

/* Until all that is in the stream now is over. */
cudaError_t stream_wait(cudaStream_t stream);

void streams_begin();
size_t streams_live();

#endif
