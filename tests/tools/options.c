#include "../../tools/options.h"

#include <criterion/criterion.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static bool fast;
static int threads, kind;
static uint64_t seed;
static double rate;
static const char *out;
static const char *const kinds[] = {"adamw", "sgd", NULL};

static const struct qsc_command command = {.name = "test", .usage = "[OPTIONS]", .summary = "A test."};
static const struct qsc_option options[] = {
    {.name = "fast", .kind = QSC_OPTION_FLAG, .target = &fast, .help = "be fast"},
    {.name = "threads",
     .kind = QSC_OPTION_INT,
     .target = &threads,
     .value = "N",
     .help = "threads",
     .min = 1,
     .max = 64},
    {.name = "seed", .kind = QSC_OPTION_U64, .target = &seed, .value = "N", .help = "seed"},
    {.name = "lr",
     .kind = QSC_OPTION_REAL,
     .target = &rate,
     .value = "X",
     .help = "rate",
     .min = 0,
     .max = 1},
    {.name = "optimizer", .kind = QSC_OPTION_CHOICE, .target = &kind, .help = "which", .choices = kinds},
    {.name = "out",
     .kind = QSC_OPTION_TEXT,
     .target = &out,
     .value = "DIR",
     .help = "where",
     .required = true},
    {0},
};

/* Parses the words of `line`, which are separated by one blank. */
static bool parse(const char *line, int *status)
{
    static char text[512];
    char *argv[32] = {"test"};
    int argc = 1;
    fast = false, threads = 2, kind = 0, seed = 1, rate = 2e-5, out = NULL;
    snprintf(text, sizeof text, "%s", line);
    for (char *rest = text, *word; (word = strsep(&rest, " ")) != NULL;)
        argv[argc++] = word;
    argv[argc] = NULL;
    return qsc_options_parse(&command, options, argc, argv, status);
}

Test(options, every_kind_is_stored)
{
    int status = -1;
    cr_assert(
        parse("--fast --threads 8 --seed 18446744073709551615 --lr=1e-3 --optimizer sgd --out d", &status));
    cr_assert(fast);
    cr_assert_eq(threads, 8);
    cr_assert_eq(seed, UINT64_MAX);
    cr_assert_float_eq(rate, 1e-3, 0);
    cr_assert_eq(kind, 1);
    cr_assert_str_eq(out, "d");
}

Test(options, defaults_stay_where_an_option_is_absent)
{
    int status = -1;
    cr_assert(parse("--out d", &status));
    cr_assert(!fast && threads == 2 && kind == 0 && seed == 1);
}

Test(options, every_mistake_is_a_usage_error)
{
    static const char *const mistakes[] = {
        "",
        "--out",
        "--out d --threads 0",
        "--out d --threads 65",
        "--out d --threads 8x",
        "--out d --threads 99999999999999999999",
        "--out d --seed -1",
        "--out d --seed 18446744073709551616",
        "--out d --lr nan",
        "--out d --lr 1.5",
        "--out d --lr fast",
        "--out d --optimizer adam",
        "--out d --fast=yes",
        "--out d --unknown 1",
        "--out d -x",
        "--out d stray",
    };
    for (size_t i = 0; i < sizeof mistakes / sizeof *mistakes; i++) {
        int status = -1;
        cr_assert(!parse(mistakes[i], &status), "accepted: %s", mistakes[i]);
        cr_assert_eq(status, QSC_EXIT_USAGE, "%s", mistakes[i]);
    }
}

Test(options, help_ends_well)
{
    int status = -1;
    cr_assert(!parse("--help", &status));
    cr_assert_eq(status, QSC_EXIT_OK);
}
