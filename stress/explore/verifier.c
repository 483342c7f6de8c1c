/* What programs written for verifiers (SV-COMP's, GenMC's) ask of theirs. */
#include "machine.h"

void __VERIFIER_assume(int condition);

// An execution in which the condition does not hold counts as blocked. Its other threads still go on.
void __VERIFIER_assume(int condition)
{
    if (!condition && qx_exploring())
        qx_stop(qx_self()->executed, "an assumption does not hold", __builtin_return_address(0));
}
