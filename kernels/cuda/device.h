// The GPU as far as callers see it: its memory and its streams, for C programs that include no header of
// CUDA's.
//
// Everything in kernels/cuda that takes a stream only asks for work: it returns before the work is done, and
// the buffers, scratch among them, belong to the device until the stream is synchronised. One stream's work
// is done in the order in which it was asked for; nothing orders two streams. "Shapes, on the device" names
// pointers to the device's memory; structures are the host's. "Never blocks" has two exceptions, both the
// driver's: a kernel's first launch, which loads it, and a stream with no room for more work.
//
// Errors: beside those that a function names, EINVAL for a shape beyond what a launch can have, ENODEV and
// ENOMEM where the driver cannot set up a launch, EIO for everything else. Whatever fails while work is done
// comes out of a later call of any function here, at the latest of qsc_cuda_stream_synchronize. After an
// error outputs have no defined values.
#ifndef QUIESCE_KERNELS_CUDA_DEVICE_H
#define QUIESCE_KERNELS_CUDA_DEVICE_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The most rows of a matrix whose columns a call adds up: a launch has at most 65535 chunks of them. */
#define QSC_CUDA_MAX_SUMMED_ROWS (65535 * 128)

/* Work in order; NULL is CUDA's default stream. A cudaStream_t under another name. */
typedef struct qsc_cuda_stream qsc_cuda_stream;

/* Whether there is a GPU to work on. Returns 0; ENODEV where there is none, or no driver for one (or one that
   is older than the CUDA this was built with); EIO where it does not answer. May block while the driver wakes
   up. No order given. Any thread. */
int qsc_cuda_available(void) __attribute__((warn_unused_result));

/* What CUDA said of the last call of this thread that failed, for a message; never NULL.
   Never blocks. No order given. Any thread. */
const char *qsc_cuda_reason(void);

/* Memory on the device, at a multiple of 256 bytes, *memory NULL on failure; and back, once no work uses
   it; NULL does nothing.
   Returns 0, ENODEV, ENOMEM, EIO. May block until the device has nothing to do: not in a step. No order
   given. Any thread. */
int qsc_cuda_allocate(void **memory, size_t bytes) __attribute__((warn_unused_result));
void qsc_cuda_free(void *memory);

/* A stream that does not wait for the default one; and its end, once its work is done; NULL does nothing.
   Returns 0, ENODEV, ENOMEM, EIO. May block while the driver allocates. No order given. Any thread. */
int qsc_cuda_stream_create(qsc_cuda_stream **stream) __attribute__((warn_unused_result));
void qsc_cuda_stream_destroy(qsc_cuda_stream *stream);

/* Waits until all work of the stream is done. Returns 0, or EIO where any work of the device failed.
   Blocks. What the work wrote is visible afterwards. Any thread. */
int qsc_cuda_stream_synchronize(qsc_cuda_stream *stream) __attribute__((warn_unused_result));

/* Copies to the device, and from it, in the stream's order. The host's buffer is not touched by others until
   the stream is synchronised. Returns 0, EINVAL, EIO. Blocks only where the host's memory is not pinned.
   No order given. Any thread. */
int qsc_cuda_upload(void *device, const void *host, size_t bytes, qsc_cuda_stream *stream)
    __attribute__((warn_unused_result));
int qsc_cuda_download(void *host, const void *device, size_t bytes, qsc_cuda_stream *stream)
    __attribute__((warn_unused_result));

#ifdef __cplusplus
}
#endif
#endif
