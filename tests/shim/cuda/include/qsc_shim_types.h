/* CUDA's words for functions, and its vectors. Included by cuda_runtime.h. */
#ifndef QSC_SHIM_TYPES_H
#define QSC_SHIM_TYPES_H

#define __global__
#define __host__
#define __device__
#define __forceinline__ inline
#define __launch_bounds__(...)

#define QSC_SHIM_VECTORS(type, name, two, four)                   \
    struct name##1                                                \
    {                                                             \
        type x;                                                   \
    };                                                            \
    struct alignas(two) name##2                                   \
    {                                                             \
        type x, y;                                                \
    };                                                            \
    struct name##3                                                \
    {                                                             \
        type x, y, z;                                             \
    };                                                            \
    struct alignas(four) name##4                                  \
    {                                                             \
        type x, y, z, w;                                          \
    };                                                            \
    inline name##2 make_##name##2(type x, type y)                 \
    {                                                             \
        return {x, y};                                            \
    }                                                             \
    inline name##3 make_##name##3(type x, type y, type z)         \
    {                                                             \
        return {x, y, z};                                         \
    }                                                             \
    inline name##4 make_##name##4(type x, type y, type z, type w) \
    {                                                             \
        return {x, y, z, w};                                      \
    }

QSC_SHIM_VECTORS(float, float, 8, 16)
QSC_SHIM_VECTORS(int, int, 8, 16)
QSC_SHIM_VECTORS(unsigned, uint, 8, 16)
#undef QSC_SHIM_VECTORS

struct dim3 {
    unsigned x, y, z;
    constexpr dim3(unsigned width = 1, unsigned height = 1, unsigned depth = 1)
        : x(width), y(height), z(depth)
    {
    }
    constexpr dim3(uint3 v) : x(v.x), y(v.y), z(v.z)
    {
    }
};

#endif
