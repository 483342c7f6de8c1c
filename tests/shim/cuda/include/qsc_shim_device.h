/* What a kernel may call. Included by cuda_runtime.h.
 *
 * A thread of a block is a fiber: it runs until it waits for others, at a barrier or in a warp's operation.
 * What a mask names must take part: the shim is stricter here than the device, which forgives lanes that have
 * ended. */
#ifndef QSC_SHIM_DEVICE_H
#define QSC_SHIM_DEVICE_H

#include "qsc_shim_types.h"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>

/* A fiber's own for as long as it lives, so that a compiler may keep them. */
uint3 qsc_shim_thread_index() __attribute__((const));
uint3 qsc_shim_block_index() __attribute__((const));
dim3 qsc_shim_block_dim() __attribute__((const));
dim3 qsc_shim_grid_dim() __attribute__((const));

extern "C" {

/* The block's memory for this declaration, full of garbage when the block begins; site tells declarations
 * apart. */
void *qsc_shim_shared(const void *site, const char *name, size_t size);
void *qsc_shim_dynamic_shared(void);

enum qsc_shim_reduction { QSC_SHIM_ADD, QSC_SHIM_MIN, QSC_SHIM_MAX, QSC_SHIM_AND, QSC_SHIM_OR, QSC_SHIM_XOR };

void qsc_shim_block_barrier(const char *file, int line);
int qsc_shim_block_vote(const char *file, int line, int predicate, enum qsc_shim_reduction how);
void qsc_shim_warp_barrier(const char *file, int line, unsigned mask);
/* The value of lane `source` of this one's segment of `width` lanes; of the own lane where that lies outside.
 */
uint64_t qsc_shim_shuffle(const char *file, int line, unsigned mask, uint64_t value, int source, int width);
unsigned qsc_shim_ballot(const char *file, int line, unsigned mask, int predicate);
int64_t qsc_shim_reduce(const char *file, int line, unsigned mask, int64_t value,
                        enum qsc_shim_reduction how);
/* Tells that the next access is atomic. */
void qsc_shim_atomic(const char *file, int line, const void *address, size_t size);

} // extern "C"

#define threadIdx (qsc_shim_thread_index())
#define blockIdx (qsc_shim_block_index())
#define blockDim (qsc_shim_block_dim())
#define gridDim (qsc_shim_grid_dim())

// Arguments that nobody writes tell a finding's place in the source.
#define QSC_SHIM_PLACE const char *file = __builtin_FILE(), int line = __builtin_LINE()

inline void __syncthreads(QSC_SHIM_PLACE)
{
    qsc_shim_block_barrier(file, line);
}

inline int __syncthreads_count(int predicate, QSC_SHIM_PLACE)
{
    return qsc_shim_block_vote(file, line, predicate != 0, QSC_SHIM_ADD);
}

inline int __syncthreads_and(int predicate, QSC_SHIM_PLACE)
{
    return qsc_shim_block_vote(file, line, predicate != 0, QSC_SHIM_AND);
}

inline int __syncthreads_or(int predicate, QSC_SHIM_PLACE)
{
    return qsc_shim_block_vote(file, line, predicate != 0, QSC_SHIM_OR);
}

inline void __syncwarp(unsigned mask = 0xffffffff, QSC_SHIM_PLACE)
{
    qsc_shim_warp_barrier(file, line, mask);
}

// Blocks and threads run on one processor, in program order.
inline void __threadfence()
{
}

inline void __threadfence_block()
{
}

inline int qsc_shim_lane()
{
    uint3 t = threadIdx;
    dim3 b = blockDim;
    return static_cast<int>((t.x + b.x * (t.y + b.y * t.z)) % 32);
}

template <typename T>
T qsc_shim_shuffle_of(const char *file, int line, unsigned mask, T value, int source, int width)
{
    static_assert(sizeof(T) == 4 || sizeof(T) == 8, "a shuffle moves 4 or 8 bytes");
    uint64_t word = 0;
    memcpy(&word, &value, sizeof value);
    word = qsc_shim_shuffle(file, line, mask, word, source, width);
    memcpy(&value, &word, sizeof value);
    return value;
}

// A lane reads its own value instead of one beyond its segment of `width` lanes.
template <typename T> T __shfl_sync(unsigned mask, T value, int source, int width = 32, QSC_SHIM_PLACE)
{
    int first = qsc_shim_lane() / width * width;
    return qsc_shim_shuffle_of(file, line, mask, value, first + (source & (width - 1)), width);
}

template <typename T> T __shfl_up_sync(unsigned mask, T value, unsigned delta, int width = 32, QSC_SHIM_PLACE)
{
    int lane = qsc_shim_lane(), source = lane - static_cast<int>(delta);
    return qsc_shim_shuffle_of(file, line, mask, value, source < lane / width * width ? lane : source, width);
}

template <typename T>
T __shfl_down_sync(unsigned mask, T value, unsigned delta, int width = 32, QSC_SHIM_PLACE)
{
    int lane = qsc_shim_lane(), source = lane + static_cast<int>(delta);
    return qsc_shim_shuffle_of(file, line, mask, value, source >= (lane / width + 1) * width ? lane : source,
                               width);
}

template <typename T> T __shfl_xor_sync(unsigned mask, T value, int lanes, int width = 32, QSC_SHIM_PLACE)
{
    int lane = qsc_shim_lane(), source = lane ^ lanes;
    return qsc_shim_shuffle_of(file, line, mask, value, source >= (lane / width + 1) * width ? lane : source,
                               width);
}

inline unsigned __ballot_sync(unsigned mask, int predicate, QSC_SHIM_PLACE)
{
    return qsc_shim_ballot(file, line, mask, predicate);
}

inline int __any_sync(unsigned mask, int predicate, QSC_SHIM_PLACE)
{
    return qsc_shim_ballot(file, line, mask, predicate) != 0;
}

inline int __all_sync(unsigned mask, int predicate, QSC_SHIM_PLACE)
{
    return qsc_shim_ballot(file, line, mask, predicate) == mask;
}

#define QSC_SHIM_REDUCE(name, how)                                                        \
    inline int __reduce_##name##_sync(unsigned mask, int value, QSC_SHIM_PLACE)           \
    {                                                                                     \
        return static_cast<int>(qsc_shim_reduce(file, line, mask, value, how));           \
    }                                                                                     \
    inline unsigned __reduce_##name##_sync(unsigned mask, unsigned value, QSC_SHIM_PLACE) \
    {                                                                                     \
        return static_cast<unsigned>(qsc_shim_reduce(file, line, mask, value, how));      \
    }
QSC_SHIM_REDUCE(add, QSC_SHIM_ADD)
QSC_SHIM_REDUCE(min, QSC_SHIM_MIN)
QSC_SHIM_REDUCE(max, QSC_SHIM_MAX)
QSC_SHIM_REDUCE(and, QSC_SHIM_AND)
QSC_SHIM_REDUCE(or, QSC_SHIM_OR)
QSC_SHIM_REDUCE(xor, QSC_SHIM_XOR)
#undef QSC_SHIM_REDUCE

// A fiber is not preempted between the load and the store, and the race detector is told that they are one.
#define QSC_SHIM_ATOMIC(name, result)                                      \
    template <typename T>                                                  \
    __attribute__((noinline, no_sanitize("thread"))) T name(               \
        T *address, typename qsc_shim_same<T>::type value, QSC_SHIM_PLACE) \
    {                                                                      \
        qsc_shim_atomic(file, line, address, sizeof *address);             \
        T old = *address;                                                  \
        *address = static_cast<T>(result);                                 \
        return old;                                                        \
    }
template <typename T> struct qsc_shim_same {
    using type = T;
};
QSC_SHIM_ATOMIC(atomicAdd, old + value)
QSC_SHIM_ATOMIC(atomicSub, old - value)
QSC_SHIM_ATOMIC(atomicExch, value)
QSC_SHIM_ATOMIC(atomicMin, value < old ? value : old)
QSC_SHIM_ATOMIC(atomicMax, value > old ? value : old)
QSC_SHIM_ATOMIC(atomicAnd, old &value)
QSC_SHIM_ATOMIC(atomicOr, old | value)
QSC_SHIM_ATOMIC(atomicXor, old ^ value)
#undef QSC_SHIM_ATOMIC

template <typename T>
__attribute__((noinline, no_sanitize("thread"))) T
atomicCAS(T *address, typename qsc_shim_same<T>::type expected, typename qsc_shim_same<T>::type value,
          QSC_SHIM_PLACE)
{
    qsc_shim_atomic(file, line, address, sizeof *address);
    T old = *address;
    if (old == expected)
        *address = value;
    return old;
}

#undef QSC_SHIM_PLACE

#define QSC_SHIM_ORDER(type)        \
    inline type min(type a, type b) \
    {                               \
        return b < a ? b : a;       \
    }                               \
    inline type max(type a, type b) \
    {                               \
        return a < b ? b : a;       \
    }
QSC_SHIM_ORDER(int)
QSC_SHIM_ORDER(unsigned)
QSC_SHIM_ORDER(long)
QSC_SHIM_ORDER(unsigned long)
QSC_SHIM_ORDER(long long)
QSC_SHIM_ORDER(unsigned long long)
#undef QSC_SHIM_ORDER

inline float min(float a, float b)
{
    return fminf(a, b);
}

inline float max(float a, float b)
{
    return fmaxf(a, b);
}

inline int __popc(unsigned x)
{
    return __builtin_popcount(x);
}

#endif
