/* What gcc and clang call under -fsanitize=thread. The kernels' sources are compiled so; the shim stands in
 * libtsan's place. Host code of the same sources is not looked at. */
#include "block.h"
#include "races.h"
#include "sites.h"

#include <cstring>

#define SITE site_of_address(__builtin_return_address(0))

static void of_kernel(const void *address, size_t size, enum shim_access access, uint32_t site)
{
    block_pause own;
    races_access(address, size, access, site);
}

#define QSC_SHIM_ENTRY(name, size, access)          \
    void __tsan_##name(void *address);              \
    void __tsan_##name(void *address)               \
    {                                               \
        if (block_running())                        \
            of_kernel(address, size, access, SITE); \
    }
#define QSC_SHIM_ENTRIES(size)                              \
    QSC_SHIM_ENTRY(read##size, size, SHIM_READ)             \
    QSC_SHIM_ENTRY(write##size, size, SHIM_WRITE)           \
    QSC_SHIM_ENTRY(unaligned_read##size, size, SHIM_READ)   \
    QSC_SHIM_ENTRY(unaligned_write##size, size, SHIM_WRITE) \
    QSC_SHIM_ENTRY(volatile_read##size, size, SHIM_READ)    \
    QSC_SHIM_ENTRY(volatile_write##size, size, SHIM_WRITE)

extern "C" {

QSC_SHIM_ENTRIES(1)
QSC_SHIM_ENTRIES(2)
QSC_SHIM_ENTRIES(4)
QSC_SHIM_ENTRIES(8)
QSC_SHIM_ENTRIES(16)
QSC_SHIM_ENTRY(vptr_read, sizeof(void *), SHIM_READ)

void __tsan_vptr_update(void *address, void *value);
void __tsan_vptr_update(void *address, void *)
{
    if (block_running())
        of_kernel(address, sizeof(void *), SHIM_WRITE, SITE);
}

void __tsan_read_range(void *address, size_t size);
void __tsan_read_range(void *address, size_t size)
{
    if (block_running())
        of_kernel(address, size, SHIM_READ, SITE);
}

void __tsan_write_range(void *address, size_t size);
void __tsan_write_range(void *address, size_t size)
{
    if (block_running())
        of_kernel(address, size, SHIM_WRITE, SITE);
}

void *__tsan_memcpy(void *to, const void *from, size_t size);
void *__tsan_memcpy(void *to, const void *from, size_t size)
{
    if (block_running()) {
        of_kernel(from, size, SHIM_READ, SITE);
        of_kernel(to, size, SHIM_WRITE, SITE);
    }
    return memcpy(to, from, size);
}

void *__tsan_memset(void *to, int byte, size_t size);
void *__tsan_memset(void *to, int byte, size_t size)
{
    if (block_running())
        of_kernel(to, size, SHIM_WRITE, SITE);
    return memset(to, byte, size);
}

// Atomic accesses of the language are host code's (a reference count, say); a kernel has CUDA's.
#define QSC_SHIM_RMW(bits, type, name)                                          \
    type __tsan_atomic##bits##_##name(volatile type *address, type value, int); \
    type __tsan_atomic##bits##_##name(volatile type *address, type value, int)  \
    {                                                                           \
        return __atomic_##name(address, value, __ATOMIC_SEQ_CST);               \
    }
#define QSC_SHIM_COMPARE(bits, type, name)                                                                \
    int __tsan_atomic##bits##_compare_exchange_##name(volatile type *address, type *expected, type value, \
                                                      int, int);                                          \
    int __tsan_atomic##bits##_compare_exchange_##name(volatile type *address, type *expected, type value, \
                                                      int, int)                                           \
    {                                                                                                     \
        return __atomic_compare_exchange_n(address, expected, value, false, __ATOMIC_SEQ_CST,             \
                                           __ATOMIC_SEQ_CST);                                             \
    }
#define QSC_SHIM_ATOMICS(bits, type)                                                                        \
    type __tsan_atomic##bits##_load(const volatile type *address, int);                                     \
    type __tsan_atomic##bits##_load(const volatile type *address, int)                                      \
    {                                                                                                       \
        return __atomic_load_n(address, __ATOMIC_SEQ_CST);                                                  \
    }                                                                                                       \
    void __tsan_atomic##bits##_store(volatile type *address, type value, int);                              \
    void __tsan_atomic##bits##_store(volatile type *address, type value, int)                               \
    {                                                                                                       \
        __atomic_store_n(address, value, __ATOMIC_SEQ_CST);                                                 \
    }                                                                                                       \
    type __tsan_atomic##bits##_exchange(volatile type *address, type value, int);                           \
    type __tsan_atomic##bits##_exchange(volatile type *address, type value, int)                            \
    {                                                                                                       \
        return __atomic_exchange_n(address, value, __ATOMIC_SEQ_CST);                                       \
    }                                                                                                       \
    QSC_SHIM_RMW(bits, type, fetch_add)                                                                     \
    QSC_SHIM_RMW(bits, type, fetch_sub)                                                                     \
    QSC_SHIM_RMW(bits, type, fetch_and)                                                                     \
    QSC_SHIM_RMW(bits, type, fetch_or)                                                                      \
    QSC_SHIM_RMW(bits, type, fetch_xor)                                                                     \
    QSC_SHIM_COMPARE(bits, type, strong)                                                                    \
    QSC_SHIM_COMPARE(bits, type, weak)                                                                      \
    type __tsan_atomic##bits##_compare_exchange_val(volatile type *address, type expected, type value, int, \
                                                    int);                                                   \
    type __tsan_atomic##bits##_compare_exchange_val(volatile type *address, type expected, type value, int, \
                                                    int)                                                    \
    {                                                                                                       \
        __atomic_compare_exchange_n(address, &expected, value, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);  \
        return expected;                                                                                    \
    }

QSC_SHIM_ATOMICS(8, uint8_t)
QSC_SHIM_ATOMICS(16, uint16_t)
QSC_SHIM_ATOMICS(32, uint32_t)
QSC_SHIM_ATOMICS(64, uint64_t)

void __tsan_init(void);
void __tsan_init(void)
{
}

void __tsan_func_entry(void *caller);
void __tsan_func_entry(void *)
{
}

void __tsan_func_exit(void);
void __tsan_func_exit(void)
{
}

} // extern "C"
