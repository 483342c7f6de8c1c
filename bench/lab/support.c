#include "support.h"

#include <string.h>

static bool always(const struct lab_machine *machine)
{
    (void)machine;
    return true;
}

static bool two_processors(const struct lab_machine *machine)
{
    return machine->processors >= 2;
}

/* As many cores as show a slope; two threads of one core count once. */
static bool eight_cores(const struct lab_machine *machine)
{
    unsigned threads = machine->threads_per_core > 0 ? machine->threads_per_core : 1;
    return machine->processors / threads >= 8;
}

static bool shared_cores(const struct lab_machine *machine)
{
    return machine->threads_per_core >= 2;
}

static bool two_nodes(const struct lab_machine *machine)
{
    return machine->numa_nodes >= 2 && machine->processors >= 2;
}

static bool has_pmu(const struct lab_machine *machine)
{
    return machine->pmu;
}

static bool has_energy(const struct lab_machine *machine)
{
    return machine->energy;
}

static bool fixed_speed(const struct lab_machine *machine)
{
    return machine->hypervisor[0] == '\0' && strcmp(machine->governor, "performance") == 0;
}

const struct lab_claim_kind lab_claim_kinds[] = {
    {"cost without contention, as a ratio of two locks", always, "nothing"},
    {"more threads than processors", always, "nothing"},
    {"fairness and longest waits", always, "nothing"},
    {"handover between two running threads", two_processors, "2 processors"},
    {"throughput as the number of running threads grows", eight_cores, "8 cores"},
    {"threads that share a core", shared_cores, "processors that are threads of one core"},
    {"NUMA", two_nodes, "2 nodes"},
    {"cache misses and other counted events", has_pmu, "a performance monitoring unit"},
    {"energy", has_energy, "a readable energy counter"},
    {"times in nanoseconds, for other machines of the kind", fixed_speed,
     "no hypervisor, and the frequency governor `performance`"},
};
const size_t lab_claim_kind_count = sizeof lab_claim_kinds / sizeof *lab_claim_kinds;
