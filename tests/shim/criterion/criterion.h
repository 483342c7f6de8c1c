/* An in-process stand-in for Criterion under ThreadSanitizer, where Criterion itself cannot start (its issue
 * 274). It comes first on the include path of those builds; the tests are the same sources. What differs:
 * tests run one after another in this process, so each must leave no thread and no state behind; tests that
 * expect a signal or an exit status are skipped; a hang ends the program by SIGALRM, after the name of the
 * test was printed. */
#ifndef SHIM_CRITERION_H
#define SHIM_CRITERION_H

#include <fnmatch.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct criterion_test_params {
    size_t size;
    void *params;
    size_t length;
    void (*cleanup)(struct criterion_test_params *);
};

struct shim_options {
    void (*init)(void), (*fini)(void);
    int signal, exit_code;
    bool disabled;
    const char *description;
    double timeout;
    void *data;
};

struct shim_test {
    const char *suite, *name; /* the options of a suite have no name */
    void (*run)(void *);
    struct criterion_test_params (*params)(void);
    struct shim_options options;
    struct shim_test *next;
};

/* Weak, so that a test program may have several files and one runner. */
__attribute__((weak)) struct shim_test *shim_first, **shim_last;
__attribute__((weak)) jmp_buf shim_abandon;
__attribute__((weak)) pthread_t shim_runner;
__attribute__((weak)) atomic_bool shim_failed;

__attribute__((weak)) void shim_register(struct shim_test *test)
{
    if (!shim_last)
        shim_last = &shim_first;
    *shim_last = test;
    shim_last = &test->next;
}

#define SHIM_REGISTER(Suite, Name, NameText, Run, Params, ...)                                            \
    static struct shim_test shim_##Suite##_##Name = {#Suite, NameText, Run, Params, {__VA_ARGS__}, NULL}; \
    __attribute__((constructor)) static void shim_register_##Suite##_##Name(void)                         \
    {                                                                                                     \
        shim_register(&shim_##Suite##_##Name);                                                            \
    }

// As Criterion does, expands what the names are given by.
#define Test(...) SHIM_TEST(__VA_ARGS__)
#define SHIM_TEST(Suite, Name, ...)                                            \
    static void Suite##_##Name##_impl(void);                                   \
    static void Suite##_##Name##_run(void *unused)                             \
    {                                                                          \
        (void)unused;                                                          \
        Suite##_##Name##_impl();                                               \
    }                                                                          \
    SHIM_REGISTER(Suite, Name, #Name, Suite##_##Name##_run, NULL, __VA_ARGS__) \
    static void Suite##_##Name##_impl(void)

#define TestSuite(Suite, ...) SHIM_REGISTER(Suite, suite_options, NULL, NULL, NULL, __VA_ARGS__)

#define ParameterizedTestParameters(Suite, Name) \
    static struct criterion_test_params Suite##_##Name##_params(void)
#define cr_make_param_array(Type, Array, ...) \
    ((struct criterion_test_params){sizeof(Type), (void *)(Array), __VA_ARGS__})
#define ParameterizedTest(Param, Suite, Name, ...)                                                \
    static void Suite##_##Name##_impl(Param);                                                     \
    static void Suite##_##Name##_run(void *param)                                                 \
    {                                                                                             \
        Suite##_##Name##_impl(param);                                                             \
    }                                                                                             \
    SHIM_REGISTER(Suite, Name, #Name, Suite##_##Name##_run, Suite##_##Name##_params, __VA_ARGS__) \
    static void Suite##_##Name##_impl(Param)

__attribute__((weak, noreturn)) void shim_stop(void)
{
    if (pthread_equal(pthread_self(), shim_runner))
        longjmp(shim_abandon, 1);
    fputs("an assertion failed in a thread that is not the test's own: giving up\n", stderr);
    _exit(1);
}

#define SHIM_CHECK(Fatal, Condition, Text, ...)                                               \
    do {                                                                                      \
        if (!(Condition)) {                                                                   \
            fprintf(stderr, "[----] %s:%d: Assertion failed: %s ", __FILE__, __LINE__, Text); \
            fprintf(stderr, " " __VA_ARGS__);                                                 \
            fputc('\n', stderr);                                                              \
            atomic_store(&shim_failed, true);                                                 \
            if (Fatal)                                                                        \
                shim_stop();                                                                  \
        }                                                                                     \
    } while (0)

/* Every cr_assert_x ends the test, every cr_expect_x lets it go on. */
#define cr_assert(Condition, ...) SHIM_CHECK(1, (Condition), #Condition, __VA_ARGS__)
#define cr_expect(Condition, ...) SHIM_CHECK(0, (Condition), #Condition, __VA_ARGS__)
#define cr_assert_not(Condition, ...) SHIM_CHECK(1, !(Condition), "not " #Condition, __VA_ARGS__)
#define cr_expect_not(Condition, ...) SHIM_CHECK(0, !(Condition), "not " #Condition, __VA_ARGS__)
#define cr_fatal(...) SHIM_CHECK(1, 0, "fatal", __VA_ARGS__)
#define cr_fail(...) SHIM_CHECK(0, 0, "fail", __VA_ARGS__)
#define cr_assert_fail(...) cr_fatal(__VA_ARGS__)
#define cr_expect_fail(...) cr_fail(__VA_ARGS__)
#define cr_skip(...) longjmp(shim_abandon, 2)
#define cr_skip_test(...) cr_skip(__VA_ARGS__)
#define cr_log_info(...) (fprintf(stderr, "[----] " __VA_ARGS__), fputc('\n', stderr))
#define cr_log_warn(...) cr_log_info(__VA_ARGS__)
#define cr_log_error(...) cr_log_info(__VA_ARGS__)

#define SHIM_OP(Fatal, A, Op, B, ...) SHIM_CHECK(Fatal, (A)Op(B), #A " " #Op " " #B, __VA_ARGS__)
#define cr_assert_eq(A, B, ...) SHIM_OP(1, A, ==, B, __VA_ARGS__)
#define cr_expect_eq(A, B, ...) SHIM_OP(0, A, ==, B, __VA_ARGS__)
#define cr_assert_neq(A, B, ...) SHIM_OP(1, A, !=, B, __VA_ARGS__)
#define cr_expect_neq(A, B, ...) SHIM_OP(0, A, !=, B, __VA_ARGS__)
#define cr_assert_lt(A, B, ...) SHIM_OP(1, A, <, B, __VA_ARGS__)
#define cr_expect_lt(A, B, ...) SHIM_OP(0, A, <, B, __VA_ARGS__)
#define cr_assert_leq(A, B, ...) SHIM_OP(1, A, <=, B, __VA_ARGS__)
#define cr_expect_leq(A, B, ...) SHIM_OP(0, A, <=, B, __VA_ARGS__)
#define cr_assert_gt(A, B, ...) SHIM_OP(1, A, >, B, __VA_ARGS__)
#define cr_expect_gt(A, B, ...) SHIM_OP(0, A, >, B, __VA_ARGS__)
#define cr_assert_geq(A, B, ...) SHIM_OP(1, A, >=, B, __VA_ARGS__)
#define cr_expect_geq(A, B, ...) SHIM_OP(0, A, >=, B, __VA_ARGS__)
#define cr_assert_null(A, ...) SHIM_OP(1, A, ==, NULL, __VA_ARGS__)
#define cr_expect_null(A, ...) SHIM_OP(0, A, ==, NULL, __VA_ARGS__)
#define cr_assert_not_null(A, ...) SHIM_OP(1, A, !=, NULL, __VA_ARGS__)
#define cr_expect_not_null(A, ...) SHIM_OP(0, A, !=, NULL, __VA_ARGS__)

#define SHIM_FLOAT(Fatal, A, B, Epsilon, Want, ...)                                                \
    SHIM_CHECK(Fatal, ((B) - (A) <= (Epsilon) && (A) - (B) <= (Epsilon)) == (Want),                \
               (Want) ? #A " == " #B " within " #Epsilon : #A " != " #B " by more than " #Epsilon, \
               __VA_ARGS__)
#define cr_assert_float_eq(A, B, Epsilon, ...) SHIM_FLOAT(1, A, B, Epsilon, 1, __VA_ARGS__)
#define cr_expect_float_eq(A, B, Epsilon, ...) SHIM_FLOAT(0, A, B, Epsilon, 1, __VA_ARGS__)
#define cr_assert_float_neq(A, B, Epsilon, ...) SHIM_FLOAT(1, A, B, Epsilon, 0, __VA_ARGS__)
#define cr_expect_float_neq(A, B, Epsilon, ...) SHIM_FLOAT(0, A, B, Epsilon, 0, __VA_ARGS__)

#define SHIM_STR(Fatal, A, Op, B, ...)                                                  \
    do {                                                                                \
        const char *shim_a = (A), *shim_b = (B);                                        \
        if (!(strcmp(shim_a, shim_b) Op 0))                                             \
            fprintf(stderr, "[----] \"%s\" against \"%s\"\n", shim_a, shim_b);          \
        SHIM_CHECK(Fatal, strcmp(shim_a, shim_b) Op 0, #A " " #Op " " #B, __VA_ARGS__); \
    } while (0)
#define cr_assert_str_eq(A, B, ...) SHIM_STR(1, A, ==, B, __VA_ARGS__)
#define cr_expect_str_eq(A, B, ...) SHIM_STR(0, A, ==, B, __VA_ARGS__)
#define cr_assert_str_neq(A, B, ...) SHIM_STR(1, A, !=, B, __VA_ARGS__)
#define cr_expect_str_neq(A, B, ...) SHIM_STR(0, A, !=, B, __VA_ARGS__)
#define cr_assert_str_empty(A, ...) SHIM_STR(1, A, ==, "", __VA_ARGS__)
#define cr_expect_str_empty(A, ...) SHIM_STR(0, A, ==, "", __VA_ARGS__)
#define cr_assert_str_not_empty(A, ...) SHIM_STR(1, A, !=, "", __VA_ARGS__)
#define cr_expect_str_not_empty(A, ...) SHIM_STR(0, A, !=, "", __VA_ARGS__)

#define SHIM_ARR(Fatal, A, Op, B, Size, ...) \
    SHIM_CHECK(Fatal, memcmp((A), (B), (Size)) Op 0, #A " " #Op " " #B, __VA_ARGS__)
#define cr_assert_arr_eq(A, B, Size, ...) SHIM_ARR(1, A, ==, B, Size, __VA_ARGS__)
#define cr_expect_arr_eq(A, B, Size, ...) SHIM_ARR(0, A, ==, B, Size, __VA_ARGS__)
#define cr_assert_arr_neq(A, B, Size, ...) SHIM_ARR(1, A, !=, B, Size, __VA_ARGS__)
#define cr_expect_arr_neq(A, B, Size, ...) SHIM_ARR(0, A, !=, B, Size, __VA_ARGS__)

static inline void shim_call(void (*fixture)(void))
{
    if (fixture)
        fixture();
}

/* Returns false when the test skipped itself. */
static inline bool shim_run_one(const struct shim_test *test, const struct shim_options *suite, void *param)
{
    double timeout = test->options.timeout > 0 ? test->options.timeout : suite->timeout;
    volatile bool skipped = false;
    atomic_store(&shim_failed, false);
    alarm(timeout > 0 ? (unsigned)(timeout * 20) + 1 : 600); /* ThreadSanitizer is that slow */
    shim_call(suite->init);
    shim_call(test->options.init);
    int left = setjmp(shim_abandon);
    if (left == 0)
        test->run(param);
    else
        skipped = left == 2;
    shim_call(test->options.fini);
    shim_call(suite->fini);
    alarm(0);
    return !skipped;
}

static inline const struct shim_options *shim_suite_of(const struct shim_test *test)
{
    static const struct shim_options none;
    for (struct shim_test *other = shim_first; other; other = other->next)
        if (!other->name && !strcmp(other->suite, test->suite))
            return &other->options;
    return &none;
}

__attribute__((weak)) int main(int argc, char **argv)
{
    const char *filter = "*";
    int passed = 0, failed = 0, skipped = 0;
    for (int i = 1; i + 1 < argc; i++)
        if (!strcmp(argv[i], "--filter"))
            filter = argv[i + 1];
    shim_runner = pthread_self();
    for (struct shim_test *test = shim_first; test; test = test->next) {
        char id[256];
        snprintf(id, sizeof id, "%s/%s", test->suite, test->name ? test->name : "");
        if (!test->name || fnmatch(filter, id, 0))
            continue;
        const struct shim_options *suite = shim_suite_of(test);
        if (test->options.signal || test->options.exit_code || test->options.disabled || suite->disabled) {
            fprintf(stderr, "[SKIP] %s\n", id);
            skipped++;
            continue;
        }
        fprintf(stderr, "[RUN ] %s\n", id);
        struct criterion_test_params params = {0, NULL, 1, NULL};
        if (test->params)
            params = test->params();
        for (size_t k = 0; k < params.length; k++) {
            if (!shim_run_one(test, suite, (char *)params.params + k * params.size))
                skipped++;
            else if (!atomic_load(&shim_failed))
                passed++;
            else {
                failed++;
                fprintf(stderr, "[FAIL] %s (%zu of %zu)\n", id, k + 1, params.length);
            }
        }
        if (params.cleanup)
            params.cleanup(&params);
    }
    fprintf(stderr, "[====] Synthesis: Tested: %d | Passing: %d | Failing: %d | Crashing: 0 | Skipped: %d\n",
            passed + failed, passed, failed, skipped);
    return failed > 0;
}
#endif
