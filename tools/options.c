#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OPTIONS_MAX = 48, FIRST_VALUE = 256 /* beyond every short option's character */ };

static void print_default(const struct qsc_option *option)
{
    if (option->required || !option->target)
        return;
    switch (option->kind) {
    case QSC_OPTION_FLAG:
        return;
    case QSC_OPTION_INT:
        printf(" (default %d)", *(const int *)option->target);
        return;
    case QSC_OPTION_U64:
        printf(" (default %llu)", (unsigned long long)*(const uint64_t *)option->target);
        return;
    case QSC_OPTION_REAL:
        printf(" (default %g)", *(const double *)option->target);
        return;
    case QSC_OPTION_TEXT:
        if (*(const char *const *)option->target)
            printf(" (default %s)", *(const char *const *)option->target);
        return;
    case QSC_OPTION_CHOICE:
        printf(" (default %s)", option->choices[*(const int *)option->target]);
        return;
    }
}

/* "--name VALUE", or "--name a|b" for a choice; the text to show is the same as the text to measure. */
static int left_column(const struct qsc_option *option, char *text, size_t size)
{
    int length = snprintf(text, size, "--%s", option->name);
    const char *between = " ";
    if (option->kind == QSC_OPTION_CHOICE) {
        for (const char *const *choice = option->choices; *choice && (size_t)length < size; choice++) {
            length += snprintf(text + length, size - (size_t)length, "%s%s", between, *choice);
            between = "|";
        }
    } else if (option->value && (size_t)length < size) {
        length += snprintf(text + length, size - (size_t)length, " %s", option->value);
    }
    return length;
}

static void print_help(const struct qsc_command *command, const struct qsc_option *options)
{
    printf("usage: %s %s %s\n\n%s\n", qsc_program_name(), command->name, command->usage, command->summary);
    if (command->details)
        printf("\n%s\n", command->details);
    char left[128];
    int width = (int)strlen("--help");
    for (const struct qsc_option *o = options; o->name; o++) {
        int length = left_column(o, left, sizeof left);
        width = length > width ? length : width;
    }
    puts("\nOptions:");
    for (const struct qsc_option *o = options; o->name; o++) {
        left_column(o, left, sizeof left);
        printf("  %-*s  %s", width, left, o->help);
        print_default(o);
        putchar('\n');
    }
    printf("  %-*s  show this page\n", width, "--help");
}

/* The bounds in words, for the line that refuses a value. */
static void describe_bounds(const struct qsc_option *option, char *text, size_t size)
{
    if (option->min == 0 && option->max == 0)
        snprintf(text, size, "%s", option->kind == QSC_OPTION_REAL ? "a number" : "a whole number");
    else
        snprintf(text, size, "%s from %.10g to %.10g",
                 option->kind == QSC_OPTION_REAL ? "a number" : "a whole number", option->min, option->max);
}

static bool inside(const struct qsc_option *option, double value)
{
    return (option->min == 0 && option->max == 0) || (value >= option->min && value <= option->max);
}

/* Stores text in the option's target; false where it is not a value of that kind. */
static bool store(const struct qsc_option *option, const char *text)
{
    char *end = NULL;
    errno = 0;
    switch (option->kind) {
    case QSC_OPTION_FLAG:
        *(bool *)option->target = true;
        return true;
    case QSC_OPTION_INT: {
        long value = strtol(text, &end, 10);
        if (errno || end == text || *end || value != (int)value || !inside(option, (double)value))
            return false;
        *(int *)option->target = (int)value;
        return true;
    }
    case QSC_OPTION_U64: {
        unsigned long long value = strtoull(text, &end, 10);
        if (errno || end == text || *end ||
            strchr(text, '-')) /* strtoull would wrap a negative number round */
            return false;
        *(uint64_t *)option->target = value;
        return true;
    }
    case QSC_OPTION_REAL: {
        double value = strtod(text, &end);
        if (errno || end == text || *end || !isfinite(value) || !inside(option, value))
            return false;
        *(double *)option->target = value;
        return true;
    }
    case QSC_OPTION_TEXT:
        *(const char **)option->target = text;
        return *text != '\0';
    case QSC_OPTION_CHOICE:
        for (int i = 0; option->choices[i]; i++) {
            if (strcmp(option->choices[i], text) == 0) {
                *(int *)option->target = i;
                return true;
            }
        }
        return false;
    }
    return false;
}

static void refuse(const struct qsc_command *command, const struct qsc_option *option, const char *text)
{
    char wanted[192] = "a value that is not empty";
    if (option->kind == QSC_OPTION_CHOICE) {
        char left[128];
        left_column(option, left, sizeof left);
        snprintf(wanted, sizeof wanted, "one of %s", left + strlen("--") + strlen(option->name) + 1);
    } else if (option->kind == QSC_OPTION_U64) {
        snprintf(wanted, sizeof wanted, "a whole number from 0 to 2^64-1");
    } else if (option->kind != QSC_OPTION_TEXT) {
        describe_bounds(option, wanted, sizeof wanted);
    }
    qsc_complain("%s: --%s wants %s, not '%s'", command->name, option->name, wanted, text);
}

/* getopt_long's own complaints carry the program's path and no remedy: we word them ourselves. */
static void complain_unparsed(const struct qsc_command *command, const struct qsc_option *options, int code,
                              char *const *argv)
{
    if (code == ':')
        qsc_complain("%s: %s needs a value (see %s %s --help)", command->name, argv[optind - 1],
                     qsc_program_name(), command->name);
    else if (optopt >= FIRST_VALUE)
        qsc_complain("%s: --%s takes no value", command->name, options[optopt - FIRST_VALUE].name);
    else if (optopt != 0)
        qsc_complain("%s: unknown option -%c (see %s %s --help)", command->name, optopt, qsc_program_name(),
                     command->name);
    else
        qsc_complain("%s: unknown or ambiguous option %s (see %s %s --help)", command->name, argv[optind - 1],
                     qsc_program_name(), command->name);
}

bool qsc_options_parse(const struct qsc_command *command, const struct qsc_option *options, int argc,
                       char **argv, int *status)
{
    struct option table[OPTIONS_MAX + 2] = {{0}};
    bool seen[OPTIONS_MAX] = {false};
    int count = 0;
    for (; options[count].name && count < OPTIONS_MAX; count++)
        table[count] = (struct option){
            options[count].name, options[count].kind == QSC_OPTION_FLAG ? no_argument : required_argument,
            NULL, FIRST_VALUE + count};
    table[count] = (struct option){"help", no_argument, NULL, 'h'};

    *status = QSC_EXIT_USAGE;
    opterr = 0;
    optind = 0; /* glibc: start afresh, whatever was parsed before */
    for (int code; (code = getopt_long(argc, argv, ":h", table, NULL)) != -1;) {
        if (code == 'h') {
            print_help(command, options);
            *status = QSC_EXIT_OK;
            return false;
        }
        if (code < FIRST_VALUE) {
            complain_unparsed(command, options, code, argv);
            return false;
        }
        const struct qsc_option *option = &options[code - FIRST_VALUE];
        if (!store(option, optarg)) {
            refuse(command, option, optarg);
            return false;
        }
        seen[code - FIRST_VALUE] = true;
    }
    if (optind < argc) {
        qsc_complain("%s: unexpected argument '%s' (see %s %s --help)", command->name, argv[optind],
                     qsc_program_name(), command->name);
        return false;
    }
    for (int i = 0; i < count; i++) {
        if (options[i].required && !seen[i]) {
            qsc_complain("%s: --%s %s is missing (see %s %s --help)", command->name, options[i].name,
                         options[i].value, qsc_program_name(), command->name);
            return false;
        }
    }
    *status = QSC_EXIT_OK;
    return true;
}
