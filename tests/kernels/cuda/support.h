// Buffers on the device for the tests of kernels/cuda, which run on the execution shim and, where there is a
// GPU, on that. Each buffer has exactly the size asked for, so that a kernel that goes beyond is seen.
#ifndef QUIESCE_TESTS_KERNELS_CUDA_SUPPORT_H
#define QUIESCE_TESTS_KERNELS_CUDA_SUPPORT_H

#include "../numbers.h"

#include <criterion/criterion.h>
#include <quiesce/kernels/cuda/device.h>

#include <string.h>

// What a test has allocated, until tear_down().
static struct {
    qsc_cuda_stream *stream;
    void *device[128], *host[128];
    size_t device_count, host_count;
} own;

static inline void set_up(void)
{
    cr_assert_eq(qsc_cuda_stream_create(&own.stream), 0, "%s", qsc_cuda_reason());
}

static inline void tear_down(void)
{
    cr_assert_eq(qsc_cuda_stream_synchronize(own.stream), 0, "%s", qsc_cuda_reason());
    while (own.device_count > 0)
        qsc_cuda_free(own.device[--own.device_count]);
    while (own.host_count > 0)
        free(own.host[--own.host_count]);
    qsc_cuda_stream_destroy(own.stream);
}

// Between two cases of one test.
static inline void begin_anew(void)
{
    tear_down();
    set_up();
}

static inline void *keep_on_host(void *memory)
{
    cr_assert(memory && own.host_count < sizeof own.host / sizeof *own.host);
    return own.host[own.host_count++] = memory;
}

// n floats on the host, none beyond `size`; freed by tear_down().
static inline float *numbers(size_t n, double size, uint64_t seed)
{
    return keep_on_host(random_floats(n, size, seed));
}

static inline float *zeros(size_t n)
{
    return keep_on_host(calloc(n + 1, sizeof(float)));
}

static inline void *room(size_t bytes)
{
    void *memory;
    cr_assert_eq(qsc_cuda_allocate(&memory, bytes), 0, "%s", qsc_cuda_reason());
    cr_assert(own.device_count < sizeof own.device / sizeof *own.device);
    return own.device[own.device_count++] = memory;
}

static inline void *up_bytes(const void *host, size_t bytes)
{
    void *memory = room(bytes);
    cr_assert_eq(qsc_cuda_upload(memory, host, bytes, own.stream), 0, "%s", qsc_cuda_reason());
    cr_assert_eq(qsc_cuda_stream_synchronize(own.stream), 0, "%s", qsc_cuda_reason());
    return memory;
}

static inline float *up(const float *host, size_t n)
{
    return up_bytes(host, n * sizeof *host);
}

static inline int32_t *up_integers(const int32_t *host, size_t n)
{
    return up_bytes(host, n * sizeof *host);
}

// Floats whose old values must not show in a result.
static inline float *room_floats(size_t n)
{
    float *nan = zeros(n);
    for (size_t i = 0; i < n; i++)
        nan[i] = NAN;
    return up(nan, n);
}

static inline void *down_bytes(const void *device, size_t bytes)
{
    void *host = keep_on_host(malloc(bytes + 1));
    cr_assert_eq(qsc_cuda_download(host, device, bytes, own.stream), 0, "%s", qsc_cuda_reason());
    cr_assert_eq(qsc_cuda_stream_synchronize(own.stream), 0, "%s", qsc_cuda_reason());
    return host;
}

static inline float *down(const float *device, size_t n)
{
    return down_bytes(device, n * sizeof *device);
}

// The n floats on the device against what kernels/cpu says: the difference at most `bound` of the largest.
#define cr_assert_close(device, want, n, bound)              \
    do {                                                     \
        const float *got_ = down(device, n);                 \
        double gap_ = float_difference(got_, want, n);       \
        cr_assert_leq(gap_, bound, "%s: %g", #device, gap_); \
    } while (0)

#define cr_assert_same_bits(device, want, n) \
    cr_assert_eq(memcmp(down(device, n), want, (n) * sizeof(float)), 0, "%s", #device)

static inline double float_difference(const float *a, const float *b, size_t n)
{
    double *doubles = malloc((n + 1) * sizeof *doubles);
    for (size_t i = 0; i < n; i++)
        doubles[i] = (double)b[i];
    double gap = difference(a, doubles, n);
    free(doubles);
    return gap;
}

#endif
