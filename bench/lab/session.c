#include "session.h"

#include "commands.h"
#include "env.h"

#include <sha2.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef char hash_text[SHA256_DIGEST_STRING_LENGTH];

static bool hash_json(hash_text text, const json_t *json)
{
    char *dump = json_dumps(json, JSON_COMPACT | JSON_SORT_KEYS);
    bool hashed = dump && SHA256Data((const uint8_t *)dump, strlen(dump), text);
    free(dump); /* jansson's */
    return hashed;
}

static json_t *describe_command(int argc, char **argv)
{
    json_t *words = json_pack("[s]", qsc_program_name());
    for (int i = 0; i < argc; i++)
        json_array_append_new(words, json_string(argv[i]));
    return words;
}

json_t *lab_session_describe(const struct lab_campaign *campaign, int argc, char **argv)
{
    struct lab_machine machine;
    lab_machine_read(&machine);
    json_t *env = lab_env_describe(&machine);
    hash_text env_hash, program_hash;
    if (!hash_json(env_hash, env)) {
        json_decref(env);
        return NULL;
    }
    const char *program = SHA256File("/proc/self/exe", program_hash);
    char started[32];
    time_t now = time(NULL);
    struct tm utc;
    strftime(started, sizeof started, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &utc));
    return json_pack("{ss si ss so so ss ss sf so}", "type", "session", "format", 1, "started", started,
                     "command", describe_command(argc, argv), "campaign", lab_campaign_to_json(campaign),
                     "binary_sha256", program ? program : "unknown", "env_sha256", env_hash, "own_cost_ns",
                     lab_empty_pass_ns(&(struct lab_plan){0}), "env", env);
}

const char *lab_session_difference(const json_t *before, const json_t *now)
{
    if (!json_equal(json_object_get(before, "campaign"), json_object_get(now, "campaign")))
        return "holds another campaign";
    if (!json_equal(json_object_get(before, "binary_sha256"), json_object_get(now, "binary_sha256")))
        return "was measured by another build of this program";
    const char *const same[] = {"cpu", "hypervisor", "processors", "kernel", "libc"};
    for (unsigned i = 0; i < sizeof same / sizeof *same; i++) {
        if (!json_equal(json_object_get(json_object_get(before, "env"), same[i]),
                        json_object_get(json_object_get(now, "env"), same[i])))
            return "was measured on another machine";
    }
    return NULL;
}
