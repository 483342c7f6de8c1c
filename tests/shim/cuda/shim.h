/* How a test steers the execution shim for CUDA (include/cuda_runtime.h; docs/cuda.md says what it finds and
 * what it cannot show). Nothing here is CUDA's. */
#ifndef QSC_SHIM_CUDA_SHIM_H
#define QSC_SHIM_CUDA_SHIM_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Begins anew: drops what is queued, forgets findings and whatever was set below, and draws every order from
 * the seed: of a block's threads, of blocks, of the streams' work. The same calls after the same seed give
 * the same orders.
 *
 * Work that is queued is executed during later calls of CUDA, by the thread that calls: sooner or later as
 * the seed has it, at the latest when something waits for it. A program whose host waits for the device in
 * other ways (for what cudaLaunchHostFunc does, say) needs qsc_shim_threads. */
void qsc_shim_begin(uint64_t seed);

/* From now on so many threads of the shim's own execute what is queued, in an order that is random but cannot
 * be repeated, until qsc_shim_begin(). Returns 0 or pthread_create's error. */
int qsc_shim_threads(int threads);

/* Calls of CUDA that may fail, since qsc_shim_begin: not those that free or destroy something. */
unsigned qsc_shim_calls(void);

/* The call of that number (1 = the first from now on) fails, and does nothing; one that waits fails after it
 * has waited. 0: none does. */
void qsc_shim_fail_call(unsigned number);

/* This machine has no device: cudaGetDeviceCount says so by this error (a cudaError_t); 0: it has one. */
void qsc_shim_no_device(int error);

/* Memory, pinned memory, streams, events and graphs that live. */
size_t qsc_shim_live(void);

/* A finding ends the program, after it was printed. With collect, the program goes on, and a kernel that
 * cannot go on fails as one on a device would. */
void qsc_shim_collect(void);

/* What was found first; NULL if nothing was. Valid until qsc_shim_begin. */
const char *qsc_shim_finding(void);

#ifdef __cplusplus
}
#endif

#endif
