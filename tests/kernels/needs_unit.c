// Leaves with the code that means "skipped" before any test starts, where the processor lacks QSC_UNIT.
#include <quiesce/kernels/cpu/features.h>

#include <unistd.h>

#define PRESENT_(unit) qsc_has_##unit()
#define PRESENT(unit) PRESENT_(unit)

__attribute__((constructor)) static void leave_where_absent(void)
{
    if (!PRESENT(QSC_UNIT))
        _exit(77);
}
