// Leaves with the code that means "skipped" before any test starts, where the processor lacks QSC_UNIT.
#include <quiesce/kernels/cpu/features.h>

#include <unistd.h>

#define PRESENT_avx512 qsc_has_avx512()
#define PRESENT_avx2 qsc_has_avx2()
#define PRESENT_any true
#define PRESENT_(unit) PRESENT_##unit
#define PRESENT(unit) PRESENT_(unit)

__attribute__((constructor)) static void leave_where_absent(void)
{
    if (!PRESENT(QSC_UNIT))
        _exit(77);
}
