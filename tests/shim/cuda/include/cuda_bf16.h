/* The bfloat16 of CUDA's header of this name, as far as our kernels use it: the same values to the bit, round
 * to nearest even. */
#ifndef QSC_SHIM_CUDA_BF16_H
#define QSC_SHIM_CUDA_BF16_H

#include <cuda_runtime.h>

#include <cstdint>
#include <cstring>

struct __nv_bfloat16 {
    __nv_bfloat16() = default;
    __nv_bfloat16(float value)
    {
        uint32_t word;
        memcpy(&word, &value, sizeof word);
        bool nan = (word & 0x7fffffff) > 0x7f800000;
        bits = static_cast<uint16_t>(nan ? 0x7fff : (word + 0x7fff + ((word >> 16) & 1)) >> 16);
    }
    operator float() const
    {
        uint32_t word = static_cast<uint32_t>(bits) << 16;
        float value;
        memcpy(&value, &word, sizeof value);
        return value;
    }

    uint16_t bits;
};

struct alignas(4) __nv_bfloat162 {
    __nv_bfloat16 x, y;
};

// Each result is rounded, as the device's instructions do.
inline __nv_bfloat16 operator+(__nv_bfloat16 a, __nv_bfloat16 b)
{
    return float(a) + float(b);
}

inline __nv_bfloat16 operator-(__nv_bfloat16 a, __nv_bfloat16 b)
{
    return float(a) - float(b);
}

inline __nv_bfloat16 operator*(__nv_bfloat16 a, __nv_bfloat16 b)
{
    return float(a) * float(b);
}

inline __nv_bfloat16 operator/(__nv_bfloat16 a, __nv_bfloat16 b)
{
    return float(a) / float(b);
}

inline __nv_bfloat16 __float2bfloat16(float value)
{
    return value;
}

inline float __bfloat162float(__nv_bfloat16 value)
{
    return value;
}

inline __nv_bfloat162 __floats2bfloat162_rn(float x, float y)
{
    return {x, y};
}

inline float2 __bfloat1622float2(__nv_bfloat162 value)
{
    return {value.x, value.y};
}

#endif
