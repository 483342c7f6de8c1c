#include <quiesce/kernels/cpu/amx.h>
#include <quiesce/kernels/cpu/bf16.h>
#include <quiesce/kernels/cpu/features.h>

#define DECLARE(unit)                                                                     \
    extern qsc_bf16_pack qsc_bf16_pack_left_##unit, qsc_bf16_pack_left_transposed_##unit, \
        qsc_bf16_pack_right_##unit, qsc_bf16_pack_right_transposed_##unit;                \
    extern void qsc_bf16_multiply_##unit(const struct qsc_bf16_product *product)
#define UNIT(unit, is_present)                                                                          \
    {                                                                                                   \
        .name = #unit, .present = is_present, .left = qsc_bf16_pack_left_##unit,                        \
        .left_transposed = qsc_bf16_pack_left_transposed_##unit, .right = qsc_bf16_pack_right_##unit,   \
        .right_transposed = qsc_bf16_pack_right_transposed_##unit, .multiply = qsc_bf16_multiply_##unit \
    }

DECLARE(any);
#ifdef __x86_64__
DECLARE(avx2);
DECLARE(avx512);
DECLARE(amx);

static bool has_amx(void)
{
    return qsc_has_avx512_bf16() && qsc_amx_present(QSC_AMX_BF16); // packing rounds without tiles
}
#endif

const struct qsc_bf16_unit qsc_bf16_units[] = {
#ifdef __x86_64__
    UNIT(amx, has_amx),
    UNIT(avx512, qsc_has_avx512),
    UNIT(avx2, qsc_has_avx2),
#endif
    UNIT(any, qsc_has_any),
};
const int qsc_bf16_unit_count = sizeof qsc_bf16_units / sizeof qsc_bf16_units[0];

const struct qsc_bf16_unit *qsc_bf16_unit(void)
{
    const struct qsc_bf16_unit *unit = qsc_bf16_units;
    while (!unit->present())
        unit++;
    return unit;
}
