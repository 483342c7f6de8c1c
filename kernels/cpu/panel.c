#include <quiesce/kernels/cpu/features.h>
#include <quiesce/kernels/cpu/inline.h>
#include <quiesce/kernels/cpu/panel.h>

#define PASTE_(a, b) a##b
#define PASTE(a, b) PASTE_(a, b)

#define LANES 16
#define VECTOR vector16
#define BLOCK block16
#define FETCH false
#include <quiesce/kernels/cpu/panel_block.h>

#define LANES 8
#define VECTOR vector8
#define BLOCK block8
#define FETCH true
#include <quiesce/kernels/cpu/panel_block.h>

#define LANES 4
#define VECTOR vector4
#define BLOCK block4
#define FETCH false
#include <quiesce/kernels/cpu/panel_block.h>

#ifdef __x86_64__
// 24 of the 32 registers of 64 bytes accumulate.
__attribute__((target("avx512f,avx512vl,avx512dq,avx512bw,avx2,fma"))) static void
multiply_avx512(const struct qsc_panel *p)
{
    switch ((p->width + 15) / 16) {
    case 1:
        block16_rows(p, 8, 1);
        break;
    case 2:
        block16_rows(p, 8, 2);
        break;
    case 3:
        block16_rows(p, 8, 3);
        break;
    default:
        block16_rows(p, 6, 4);
    }
}

// 12 of the 16 registers of 32 bytes.
__attribute__((target("avx2,fma"))) static void multiply_avx2(const struct qsc_panel *p)
{
    block8_rows(p, 6, 2);
}
#endif

// 8 registers of 16 bytes, which every processor has.
static void multiply_any(const struct qsc_panel *p)
{
    block4_rows(p, 2, 4);
}

const struct qsc_panel_unit qsc_panel_units[] = {
#ifdef __x86_64__
    {"avx512", qsc_has_avx512, 3, multiply_avx512},
    {"avx2", qsc_has_avx2, 1, multiply_avx2},
#endif
    {"any", qsc_has_any, 1, multiply_any},
};
const int qsc_panel_unit_count = sizeof qsc_panel_units / sizeof qsc_panel_units[0];

const struct qsc_panel_unit *qsc_panel_unit(void)
{
    const struct qsc_panel_unit *unit = qsc_panel_units;
    while (!unit->present())
        unit++;
    return unit;
}
