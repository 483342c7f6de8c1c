// What a session names, and which sessions may not follow each other in one file.
#include "bench/lab/session.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static json_t *describe(void)
{
    struct lab_campaign campaign = {.lock_count = 1, .ms = 10, .warm_up_ms = 5};
    strcpy(campaign.locks[0], "one");
    for (unsigned axis = 0; axis < LAB_AXES; axis++)
        cr_assert(lab_values_parse(&campaign.axes[axis], axis, lab_axes[axis].usual));
    char *argv[] = {"sweep", "one", NULL};
    json_t *session = lab_session_describe(&campaign, 2, argv);
    cr_assert_not_null(session);
    return session;
}

// As `sha256sum` has it: of the keys in order, without spaces.
Test(session, the_machine_is_named_by_its_hash)
{
    json_t *session = describe();
    FILE *file = fopen("session_env.json", "w");
    cr_assert_eq(json_dumpf(json_object_get(session, "env"), file, JSON_COMPACT | JSON_SORT_KEYS), 0);
    fclose(file);
    char hash[65] = "";
    FILE *sum = popen("sha256sum session_env.json", "r");
    cr_assert_eq(fscanf(sum, "%64s", hash), 1);
    pclose(sum);
    remove("session_env.json");
    cr_assert_str_eq(json_string_value(json_object_get(session, "env_sha256")), hash);
    json_decref(session);
}

static void expect_difference(const char *where, const char *key, const char *wanted)
{
    json_t *before = describe(), *now = json_deep_copy(before);
    json_t *object = where ? json_object_get(now, where) : now;
    cr_assert_not_null(json_object_get(object, key), "%s", key);
    json_object_set_new(object, key, json_string("other"));
    const char *difference = lab_session_difference(before, now);
    cr_assert(wanted ? difference && strcmp(difference, wanted) == 0 : !difference, "%s: %s", key,
              difference ? difference : "no difference");
    json_decref(before);
    json_decref(now);
}

Test(session, goes_on_where_program_machine_and_campaign_are_the_same)
{
    expect_difference(NULL, "started", NULL);
    expect_difference("env", "clock", NULL); // calibrated anew
    expect_difference("campaign", "seed", "holds another campaign");
    expect_difference(NULL, "binary_sha256", "was measured by another build of this program");
    expect_difference("env", "kernel", "was measured on another machine");
    expect_difference("env", "libc", "was measured on another machine");
}
