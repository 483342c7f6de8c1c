#include "bench/lab/support.h"

#include <criterion/criterion.h>
#include <string.h>

static bool supports(const struct lab_machine *machine, const char *about)
{
    for (size_t i = 0; i < lab_claim_kind_count; i++) {
        if (strstr(lab_claim_kinds[i].about, about))
            return lab_claim_kinds[i].supported(machine);
    }
    cr_assert_fail("no claim about %s", about);
    return false;
}

Test(support, of_a_small_virtual_machine)
{
    const struct lab_machine machine = {.processors = 2,
                                        .threads_per_core = 1,
                                        .numa_nodes = 1,
                                        .hypervisor = "KVMKVMKVM",
                                        .governor = "unknown"};
    cr_assert(supports(&machine, "without contention"));
    cr_assert(supports(&machine, "more threads than processors"));
    cr_assert(supports(&machine, "fairness"));
    cr_assert(supports(&machine, "handover"));
    cr_assert_not(supports(&machine, "number of running threads grows"));
    cr_assert_not(supports(&machine, "share a core"));
    cr_assert_not(supports(&machine, "NUMA"));
    cr_assert_not(supports(&machine, "cache misses"));
    cr_assert_not(supports(&machine, "energy"));
    cr_assert_not(supports(&machine, "nanoseconds"));
}

Test(support, of_a_server)
{
    struct lab_machine machine = {.processors = 32,
                                  .threads_per_core = 2,
                                  .numa_nodes = 2,
                                  .governor = "performance",
                                  .pmu = true,
                                  .energy = true};
    for (size_t i = 0; i < lab_claim_kind_count; i++)
        cr_assert(lab_claim_kinds[i].supported(&machine), "%s", lab_claim_kinds[i].about);
    machine.processors = 14; // 7 cores
    cr_assert_not(supports(&machine, "number of running threads grows"));
    strcpy(machine.governor, "powersave");
    cr_assert_not(supports(&machine, "nanoseconds"));
}

Test(support, of_one_processor)
{
    const struct lab_machine machine = {.processors = 1};
    cr_assert_not(supports(&machine, "handover"));
    cr_assert(supports(&machine, "more threads than processors"));
}

Test(support, this_machine_is_described)
{
    struct lab_machine machine;
    lab_machine_read(&machine);
    cr_assert_geq(machine.processors, 1);
    cr_assert_str_not_empty(machine.cpu);
    cr_assert_eq(strncmp(machine.kernel, "Linux ", 6), 0);
    cr_assert_lt(machine.steal, 1);
}
