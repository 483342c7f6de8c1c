/* qsc-lab env: the machine, and what may be claimed by measurements on it. */
#include "env.h"
#include "clock.h"
#include "commands.h"
#include "support.h"

static json_t *describe_caches(const struct lab_machine *machine)
{
    json_t *caches = json_array();
    for (unsigned i = 0; i < machine->cache_count; i++) {
        const struct lab_cache *cache = &machine->caches[i];
        json_array_append_new(caches, json_pack("{ss ss ss si}", "level", cache->level, "type", cache->type,
                                                "size", cache->size, "shared_by", (int)cache->shared_by));
    }
    return caches;
}

static json_t *describe_claims(const struct lab_machine *machine)
{
    json_t *claims = json_array();
    for (size_t i = 0; i < lab_claim_kind_count; i++) {
        const struct lab_claim_kind *kind = &lab_claim_kinds[i];
        json_array_append_new(claims, json_pack("{ss sb ss}", "about", kind->about, "supported",
                                                kind->supported(machine), "needs", kind->needs));
    }
    return claims;
}

static json_t *describe_clock(const struct lab_clock *clock)
{
    return json_pack("{ss sf sf}", "stamps", clock->tsc ? "time-stamp counter" : "CLOCK_MONOTONIC",
                     "ticks_per_ns", clock->ticks_per_ns, "stamp_ns", clock->stamp_ns);
}

/* json_pack refuses a part that is NULL. */
json_t *lab_env_describe(const struct lab_machine *machine)
{
    return json_pack(
        "{ss ss? si si si so ss ss ss ss so sb sb sb sb so so}", "cpu", machine->cpu, "hypervisor",
        machine->hypervisor[0] ? machine->hypervisor : NULL, "processors", (int)machine->processors,
        "threads_per_core", (int)machine->threads_per_core, "numa_nodes", (int)machine->numa_nodes, "caches",
        describe_caches(machine), "frequency_governor", machine->governor, "kernel", machine->kernel, "libc",
        machine->libc, "clock_source", machine->clock_source, "clock", describe_clock(lab_clock_get()),
        "membarrier", machine->membarrier, "futex_waitv", machine->futex_waitv, "performance_counters",
        machine->pmu, "energy_counter", machine->energy, "steal_since_boot",
        machine->steal < 0 ? json_null() : json_real(machine->steal), "claims", describe_claims(machine));
}

static int run(int argc, char **argv)
{
    const struct qsc_option options[] = {{0}};
    int status;
    if (!qsc_options_parse(&lab_env_command, options, argc, argv, &status))
        return status;
    struct lab_machine machine;
    lab_machine_read(&machine);
    json_t *description = lab_env_describe(&machine);
    bool written =
        description && json_dumpf(description, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(6)) == 0;
    json_decref(description);
    if (!written) {
        qsc_complain("env: the description could not be written");
        return QSC_EXIT_FAILURE;
    }
    putchar('\n');
    return QSC_EXIT_OK;
}

const struct qsc_command lab_env_command = {
    .name = "env",
    .usage = "",
    .summary = "describes the machine, and which claims it supports, in JSON",
    .run = run,
};
