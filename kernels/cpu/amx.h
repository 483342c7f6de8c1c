// Intel's tile registers: whether they may be used, and their shapes.
#ifndef QUIESCE_KERNELS_CPU_AMX_H
#define QUIESCE_KERNELS_CPU_AMX_H

#ifdef __x86_64__
#include <assert.h>
#include <cpuid.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

// What tiles hold: the bits of cpuid's leaf 7, register edx. Not by __builtin_cpu_supports, as in features.h:
// clang 14's does not know them.
enum qsc_amx { QSC_AMX_BF16 = 1 << 22, QSC_AMX_INT8 = 1 << 25 };

// Linux grants the state of tiles, 8 KiB a thread, to a process that asks (arch_prctl(2)); it refuses where a
// signal stack has no room for it. To ask again changes nothing.
static inline bool qsc_amx_present(enum qsc_amx kind)
{
    enum { TILES = 1 << 24, REQUEST_PERMISSION = 0x1023, TILE_DATA = 18 };
    unsigned a, b, c, d;
    return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (d & TILES) && (d & (unsigned)kind) &&
           syscall(SYS_arch_prctl, REQUEST_PERMISSION, TILE_DATA) == 0;
}

// What ldtilecfg reads.
struct qsc_amx_shapes {
    uint8_t palette, start_row, zeros[14]; // palette 1: tiles of at most 16 rows of 64 bytes
    uint16_t row_bytes[16];
    uint8_t rows[16];
};
static_assert(sizeof(struct qsc_amx_shapes) == 64, "as the processor wants it");

// Not _tile_loadconfig: gcc 12 takes it to read the first 8 bytes alone, and leaves out what writes the
// others.
static inline void qsc_amx_configure(const struct qsc_amx_shapes *shapes)
{
    __asm__ volatile("ldtilecfg %0" : : "m"(*shapes));
}
#endif

#endif
