/* A port of ck_pr to C11's orders, to be included before ck's own headers (-include ck_pr_c11.h) with ck's
 * headers in the search path. ck's ports are inline assembly, or volatile accesses and __sync builtins, which
 * no C11 tool can follow. Here each operation promises what ck's documentation does on a machine with relaxed
 * memory (CK_MD_RMO), and no more: loads, stores and read-modify-writes are relaxed, all order comes from the
 * fences, which count a read-modify-write as a store. C11 has no fence between stores only, or between loads
 * and stores only: the next stronger one stands for it. What is reached through a pointer that was loaded is
 * ordered after the load, as on every machine that ck runs on (ck_pr_fence_load_depends is empty): C11's word
 * for it is consume.
 *
 * -DCK_PR_RELEASE: a stored pointer carries what its thread did before, to tell whether that is all that is
 * missing. -DCK_PR_FULL: as strong as ck's own port to gcc's builtins. There every fence is
 * __sync_synchronize and every read-modify-write a __sync builtin, both sequentially consistent. */
#ifndef CK_PR_C11_H
#define CK_PR_C11_H

#include <stdbool.h>
#include <stdint.h>

#define CK_F_PR // ck's own port is not to come as well
#include <gcc/ck_f_pr.h>

static inline void ck_pr_stall(void)
{
}

#ifdef CK_PR_FULL
#define FENCE_ORDER(order) __ATOMIC_SEQ_CST
#define RMW_ORDER __ATOMIC_SEQ_CST
#define POINTER_RMW_ORDER __ATOMIC_SEQ_CST
#else
#define FENCE_ORDER(order) order
#define RMW_ORDER __ATOMIC_RELAXED
#define POINTER_RMW_ORDER __ATOMIC_CONSUME
#endif

#ifdef CK_PR_RELEASE
#define POINTER_STORE_ORDER __ATOMIC_RELEASE
#else
#define POINTER_STORE_ORDER __ATOMIC_RELAXED
#endif

#define FENCE(name, order)                             \
    static inline void ck_pr_fence_strict_##name(void) \
    {                                                  \
        __atomic_thread_fence(FENCE_ORDER(order));     \
    }

FENCE(load, __ATOMIC_ACQUIRE)
FENCE(load_load, __ATOMIC_ACQUIRE)
FENCE(acquire, __ATOMIC_ACQUIRE)
FENCE(store, __ATOMIC_RELEASE)
FENCE(store_store, __ATOMIC_RELEASE)
FENCE(store_atomic, __ATOMIC_RELEASE)
FENCE(atomic, __ATOMIC_RELEASE)
FENCE(atomic_atomic, __ATOMIC_RELEASE)
FENCE(atomic_store, __ATOMIC_RELEASE)
FENCE(release, __ATOMIC_RELEASE)
FENCE(unlock, __ATOMIC_RELEASE)
FENCE(acqrel, __ATOMIC_ACQ_REL)
FENCE(lock, __ATOMIC_ACQ_REL)
FENCE(load_store, __ATOMIC_ACQ_REL)
FENCE(load_atomic, __ATOMIC_ACQ_REL)
FENCE(atomic_load, __ATOMIC_SEQ_CST)
FENCE(store_load, __ATOMIC_SEQ_CST)
FENCE(memory, __ATOMIC_SEQ_CST)

/* `S` is the operation's suffix, `M` what its pointer points to, `T` the type of the value. */
#define RMW(name, S, M, T, operation)                              \
    static inline void ck_pr_##name##_##S(M *target, T value)      \
    {                                                              \
        (void)__atomic_##operation((T *)target, value, RMW_ORDER); \
    }

#define EXCHANGES(S, M, T, order)                                                                       \
    static inline bool ck_pr_cas_##S(M *target, T compare, T set)                                       \
    {                                                                                                   \
        return __atomic_compare_exchange_n((T *)target, &compare, set, false, order, __ATOMIC_RELAXED); \
    }                                                                                                   \
    static inline T ck_pr_fas_##S(M *target, T value)                                                   \
    {                                                                                                   \
        return __atomic_exchange_n((T *)target, value, order);                                          \
    }

#define ARITHMETIC(S, M, T)                                        \
    RMW(add, S, M, T, fetch_add)                                   \
    RMW(sub, S, M, T, fetch_sub)                                   \
    RMW(and, S, M, T, fetch_and)                                   \
    RMW(or, S, M, T, fetch_or)                                     \
    RMW(xor, S, M, T, fetch_xor)                                   \
    static inline void ck_pr_inc_##S(M *target)                    \
    {                                                              \
        ck_pr_add_##S(target, 1);                                  \
    }                                                              \
    static inline void ck_pr_dec_##S(M *target)                    \
    {                                                              \
        ck_pr_sub_##S(target, 1);                                  \
    }                                                              \
    static inline bool ck_pr_dec_##S##_is_zero(M *target)          \
    {                                                              \
        return __atomic_sub_fetch((T *)target, 1, RMW_ORDER) == 0; \
    }                                                              \
    static inline bool ck_pr_inc_##S##_is_zero(M *target)          \
    {                                                              \
        return __atomic_add_fetch((T *)target, 1, RMW_ORDER) == 0; \
    }                                                              \
    static inline T ck_pr_faa_##S(M *target, T value)              \
    {                                                              \
        return __atomic_fetch_add((T *)target, value, RMW_ORDER);  \
    }

#define WORD(S, T)                                                                                  \
    static inline T ck_pr_md_load_##S(const T *target)                                              \
    {                                                                                               \
        return __atomic_load_n(target, __ATOMIC_RELAXED);                                           \
    }                                                                                               \
    static inline void ck_pr_md_store_##S(T *target, T value)                                       \
    {                                                                                               \
        __atomic_store_n(target, value, __ATOMIC_RELAXED);                                          \
    }                                                                                               \
    static inline bool ck_pr_cas_##S##_value(T *target, T compare, T set, T *found)                 \
    {                                                                                               \
        *found = compare;                                                                           \
        return __atomic_compare_exchange_n(target, found, set, false, RMW_ORDER, __ATOMIC_RELAXED); \
    }                                                                                               \
    EXCHANGES(S, T, T, RMW_ORDER)                                                                   \
    ARITHMETIC(S, T, T)

WORD(char, char)
WORD(int, int)
WORD(uint, unsigned int)
WORD(64, uint64_t)
WORD(32, uint32_t)
WORD(16, uint16_t)
WORD(8, uint8_t)

EXCHANGES(ptr, void, void *, POINTER_RMW_ORDER)
ARITHMETIC(ptr, void, uintptr_t)

static inline void *ck_pr_md_load_ptr(const void *target)
{
    return __atomic_load_n((void *const *)target, __ATOMIC_CONSUME);
}

static inline void ck_pr_md_store_ptr(void *target, const void *value)
{
    __atomic_store_n((void **)target, (void *)(uintptr_t)value, POINTER_STORE_ORDER);
}

static inline bool ck_pr_cas_ptr_value(void *target, void *compare, void *set, void *found)
{
    bool done = __atomic_compare_exchange_n((void **)target, &compare, set, false, POINTER_RMW_ORDER,
                                            __ATOMIC_CONSUME);
    *(void **)found = compare;
    return done;
}

#undef FENCE
#undef RMW
#undef EXCHANGES
#undef ARITHMETIC
#undef WORD
#undef FENCE_ORDER
#undef RMW_ORDER
#undef POINTER_RMW_ORDER
#undef POINTER_STORE_ORDER

// Those of the operations above that ck would else make of a loop of others.
#define CK_F_PR_FAS_CHAR
#define CK_F_PR_FAS_INT
#define CK_F_PR_FAS_UINT
#define CK_F_PR_FAS_PTR
#define CK_F_PR_FAS_64
#define CK_F_PR_FAS_32
#define CK_F_PR_FAS_16
#define CK_F_PR_FAS_8
#define CK_F_PR_INC_CHAR_ZERO
#define CK_F_PR_INC_INT_ZERO
#define CK_F_PR_INC_UINT_ZERO
#define CK_F_PR_INC_PTR_ZERO
#define CK_F_PR_INC_64_ZERO
#define CK_F_PR_INC_32_ZERO
#define CK_F_PR_INC_16_ZERO
#define CK_F_PR_INC_8_ZERO
#define CK_F_PR_DEC_CHAR_ZERO
#define CK_F_PR_DEC_INT_ZERO
#define CK_F_PR_DEC_UINT_ZERO
#define CK_F_PR_DEC_PTR_ZERO
#define CK_F_PR_DEC_64_ZERO
#define CK_F_PR_DEC_32_ZERO
#define CK_F_PR_DEC_16_ZERO
#define CK_F_PR_DEC_8_ZERO

#endif
