#include "support.h"

#include <fcntl.h>
#include <math.h>
#include <quiesce/model/safetensors.h>
#include <sys/file.h>

TestSuite(safetensors, .init = scratch_make, .fini = scratch_remove);

static struct qsc_error error;

/* A file with a stated header length, a header and so many bytes of data. */
static const char *make_file(uint64_t stated, const char *header, size_t data_bytes)
{
    static char bytes[1 << 16];
    size_t length = strlen(header);
    memcpy(bytes, &stated, 8);
    memcpy(bytes + 8, header, length);
    memset(bytes + 8 + length, 1, data_bytes);
    const char *path = in_scratch("hostile.safetensors");
    write_bytes(path, bytes, 8 + length + data_bytes);
    return path;
}

static void must_refuse(const char *path, const char *because)
{
    qsc_safetensors *file = NULL;
    int code = qsc_safetensors_open(&file, path, &error);
    cr_assert_neq(code, 0, "accepted what should be refused: %s", because);
    cr_assert_null(file);
    cr_assert_not_null(strstr(error.text, because), "expected \"%s\", got: %s", because, error.text);
    cr_assert_not_null(strstr(error.text, path), "does not name the file: %s", error.text);
    cr_assert_null(strchr(error.text, '\n'));
}

#define T(name, dtype, shape, begin, end) \
    "\"" name "\":{\"dtype\":\"" dtype "\",\"shape\":" shape ",\"data_offsets\":[" #begin "," #end "]}"

Test(safetensors, hostile_headers_are_refused)
{
    static const struct {
        const char *header;
        size_t data_bytes;
        const char *because;
    } cases[] = {
        {"{" T("a", "F32", "[2]", 0, 8) "}", 7, "truncated"},
        {"{" T("a", "F32", "[2]", 0, 8) "}", 9, "1 bytes follow the last tensor"},
        {"{}", 1, "1 bytes follow the last tensor"},
        {"{" T("a", "F32", "[2]", 0, 8) "," T("b", "F32", "[2]", 4, 12) "}", 12, "overlaps"},
        {"{" T("a", "F32", "[2]", 0, 8) "," T("b", "F32", "[2]", 0, 8) "}", 8, "overlaps"},
        {"{" T("a", "F32", "[2]", 0, 8) "," T("b", "F32", "[2]", 12, 20) "}", 20, "hole"},
        {"{" T("a", "F32", "[2]", 4, 12) "}", 12, "hole"},
        {"{" T("a", "F32", "[2]", 0, 8) "," T("a", "F32", "[2]", 8, 16) "}", 16, "duplicate"},
        {"{" T("a", "F32", "[3]", 0, 8) "}", 8, "do not fit its shape"},
        {"{" T("a", "F32", "[2]", 8, 0) "}", 8, "do not fit its shape"},
        {"{" T("a", "F33", "[2]", 0, 8) "}", 8, "unknown dtype"},
        {"{" T("a", "F32", "[-2]", 0, 8) "}", 8, "negative or too large"},
        {"{" T("a", "F32", "[4294967296,4294967296]", 0, 8) "}", 8, "negative or too large"},
        {"{" T("a", "F32", "[4611686018427387904]", 0, 8) "}", 8, "do not fit its shape"},
        {"{" T("a", "F32", "[18446744073709551617]", 0, 8) "}", 8, "not a JSON object"},
        {"{" T("a", "F32", "[2.0]", 0, 8) "}", 8, "negative or too large"},
        {"{" T("a", "F32", "2", 0, 8) "}", 8, "shape must be an array"},
        {"{" T("a", "F32", "[1,1,1,1,1,1,1,1,2]", 0, 8) "}", 8, "shape must be an array"},
        {"{" T("a", "F32", "[2]", -8, 0) "}", 8, "data_offsets must be two numbers"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0]}}", 8,
         "data_offsets must be two numbers"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2]}}", 8, "data_offsets must be two numbers"},
        {"{\"a\":{\"shape\":[2],\"data_offsets\":[0,8]}}", 8, "unknown dtype"},
        {"{\"a\":7}", 8, "unknown dtype"},
        {"{\"__metadata__\":{\"k\":1}," T("a", "F32", "[2]", 0, 8) "}", 8, "__metadata__ must hold strings"},
        {"{\"__metadata__\":[]," T("a", "F32", "[2]", 0, 8) "}", 8, "__metadata__ must hold strings"},
        {"{" T("\xff\xfe", "F32", "[2]", 0, 8) "}", 8, "not a JSON object"},
        {"{" T("a\\u0000b", "F32", "[2]", 0, 8) "}", 8, "not a JSON object"},
        {"{\"a\":", 0, "not a JSON object"},
        {"{} x", 0, "not a JSON object"},
        {" {}", 0, "must begin with '{'"},
        {"[]", 0, "must begin with '{'"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        must_refuse(make_file(strlen(cases[i].header), cases[i].header, cases[i].data_bytes),
                    cases[i].because);
}

Test(safetensors, lying_header_lengths_are_refused)
{
    static const uint64_t lengths[] = {0,         1, 3, 100, 100000001, UINT64_C(1) << 32, UINT64_C(1) << 63,
                                       UINT64_MAX};
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++)
        must_refuse(make_file(lengths[i], "{}", 0), "header of");
    write_bytes(in_scratch("short"), "1234567", 7);
    must_refuse(in_scratch("short"), "shorter than its 8 length bytes");
    write_bytes(in_scratch("empty"), "", 0);
    must_refuse(in_scratch("empty"), "shorter than its 8 length bytes");
    must_refuse(scratch, "is no regular file");
    must_refuse(in_scratch("none"), "No such file");
}

/* The address space may not grow beyond this. Sanitizers map terabytes for themselves and are left alone. */
static void limit_memory(rlim_t bytes)
{
    struct rlimit limit;
    cr_assert_eq(getrlimit(RLIMIT_AS, &limit), 0);
    limit.rlim_cur = bytes;
#if !defined __SANITIZE_ADDRESS__ && !defined __SANITIZE_THREAD__
    cr_assert_eq(setrlimit(RLIMIT_AS, &limit), 0);
#endif
}

/* 100 MB of the smallest entries would become gigabytes in memory; the same length of blanks is a good
 * header. */
Test(safetensors, a_hostile_header_costs_no_more_than_its_length)
{
    enum { length = 100000000 };
    char *bytes = malloc(8 + length);
    cr_assert_not_null(bytes);
    memcpy(bytes, &(uint64_t){length}, 8);
    memcpy(bytes + 8, "{\"a\":[", 6);
    for (int i = 6; i + 3 <= length - 2; i += 3)
        memcpy(bytes + 8 + i, "[],", 3);
    memcpy(bytes + 8 + length - 4, "[]]}", 4);
    const char *path = in_scratch("hostile.safetensors");
    write_bytes(path, bytes, 8 + length);
    limit_memory((rlim_t)1 << 30);
    must_refuse(path, "more entries than any model has");
    memset(bytes + 8, ' ', length);
    memcpy(bytes + 8, "{}", 2);
    write_bytes(path, bytes, 8 + length);
    qsc_safetensors *file;
    cr_assert_eq(qsc_safetensors_open(&file, path, &error), 0, "%s", error.text);
    qsc_safetensors_close(file);
    free(bytes);
}

/* Any prefix of a good file, and any one byte changed in its header, is refused or still consistent. */
Test(safetensors, damaged_files_never_lead_outside)
{
    static const char header[] = "{" T("a", "F32", "[2,3]", 0, 24) "," T("b", "I64", "[1]", 24, 32) "}";
    const char *path = make_file(sizeof header - 1, header, 32);
    size_t length;
    char *bytes = read_bytes(path, &length);
    for (size_t cut = 0; cut < length; cut++) {
        write_bytes(path, bytes, cut);
        must_refuse(path, "");
    }
    int survivors = 0;
    for (size_t at = 0; at < 8 + sizeof header - 1; at++) {
        for (int change = 1; change < 256; change += 13) {
            bytes[at] = (char)(bytes[at] ^ change);
            write_bytes(path, bytes, length);
            bytes[at] = (char)(bytes[at] ^ change);
            qsc_safetensors *file;
            if (qsc_safetensors_open(&file, path, &error) != 0)
                continue;
            survivors++;
            uint64_t total = 0;
            for (size_t i = 0; i < qsc_safetensors_count(file); i++) {
                const struct qsc_tensor_info *tensor = qsc_safetensors_at(file, i);
                char out[32];
                cr_assert_eq(tensor->begin, total);
                total = tensor->end;
                cr_assert_leq(total, 32);
                cr_assert_eq(qsc_safetensors_read(file, tensor, out, &error), 0, "%s", error.text);
            }
            qsc_safetensors_close(file);
        }
    }
    cr_assert_gt(survivors, 0, "a changed name is still a good file");
    free(bytes);
}

static const float small[6] = {1, -2, .5f, 0, 1e-30f, 3};
static const int64_t wide[1] = {-7};
static const struct qsc_tensor_data two[] = {
    {.name = "first \"one\"", .dtype = QSC_DTYPE_F32, .rank = 2, .shape = {2, 3}, .data = small},
    {.name = "empty", .dtype = QSC_DTYPE_F32, .rank = 2, .shape = {0, 3}, .data = small},
    {.name = "scalar", .dtype = QSC_DTYPE_I64, .rank = 0, .data = wide},
};
static const struct qsc_tensor_metadata about[] = {{"format", "pt"}, {"note", "a\nb"}};

Test(safetensors, what_is_written_is_read)
{
    const char *path = in_scratch("good");
    cr_assert_eq(qsc_safetensors_write(path, two, 3, about, 2, &error), 0, "%s", error.text);
    cr_assert_eq(count_entries(scratch), 1);
    qsc_safetensors *file;
    cr_assert_eq(qsc_safetensors_open(&file, path, &error), 0, "%s", error.text);
    cr_assert_eq(qsc_safetensors_count(file), 3);
    cr_assert_str_eq(qsc_safetensors_metadata(file, "note"), "a\nb");
    cr_assert_null(qsc_safetensors_metadata(file, "nothing"));
    cr_assert_null(qsc_safetensors_find(file, "nothing"));
    const struct qsc_tensor_info *tensor = qsc_safetensors_find(file, "first \"one\"");
    float out[6];
    cr_assert_eq(tensor->shape[1], 3);
    cr_assert_eq(qsc_safetensors_read_floats(file, tensor, out, &error), 0, "%s", error.text);
    cr_assert_eq(memcmp(out, small, sizeof out), 0);
    int64_t number;
    tensor = qsc_safetensors_find(file, "scalar");
    cr_assert_eq(tensor->elements, 1);
    cr_assert_eq(qsc_safetensors_read(file, tensor, &number, &error), 0, "%s", error.text);
    cr_assert_eq(number, -7);
    cr_assert_eq(qsc_safetensors_read_floats(file, tensor, out, &error), EINVAL);
    cr_assert_eq(qsc_safetensors_find(file, "empty")->elements, 0);
    qsc_safetensors_close(file);
}

Test(safetensors, nothing_is_served_from_the_file_once_it_changes)
{
    const char *path = in_scratch("shrinks");
    cr_assert_eq(qsc_safetensors_write(path, two, 3, NULL, 0, &error), 0, "%s", error.text);
    qsc_safetensors *file;
    cr_assert_eq(qsc_safetensors_open(&file, path, &error), 0, "%s", error.text);
    cr_assert_eq(truncate(path, 100), 0);
    float out[6];
    cr_assert_eq(qsc_safetensors_read_floats(file, qsc_safetensors_at(file, 0), out, &error), EIO);
    cr_assert_not_null(strstr(error.text, "became shorter"));
    qsc_safetensors_close(file);
}

static double value_of_f16(unsigned bits)
{
    double sign = bits & 0x8000 ? -1 : 1, fraction = bits & 0x3ff;
    int exponent = (int)(bits >> 10 & 0x1f);
    if (exponent == 31)
        return fraction > 0 ? (double)NAN : sign * (double)INFINITY;
    return exponent == 0 ? sign * ldexp(fraction, -24) : sign * ldexp(1024 + fraction, exponent - 25);
}

/* Every one of the 65536 numbers of both 16-bit formats. */
Test(safetensors, halves_are_widened_exactly)
{
    static uint16_t halves[65536];
    static float out[65536];
    for (unsigned i = 0; i < 65536; i++)
        halves[i] = (uint16_t)i;
    const struct qsc_tensor_data tensors[] = {
        {.name = "f16", .dtype = QSC_DTYPE_F16, .rank = 1, .shape = {65536}, .data = halves},
        {.name = "bf16", .dtype = QSC_DTYPE_BF16, .rank = 1, .shape = {65536}, .data = halves},
    };
    const char *path = in_scratch("halves");
    cr_assert_eq(qsc_safetensors_write(path, tensors, 2, NULL, 0, &error), 0, "%s", error.text);
    qsc_safetensors *file;
    cr_assert_eq(qsc_safetensors_open(&file, path, &error), 0, "%s", error.text);
    cr_assert_eq(qsc_safetensors_read_floats(file, qsc_safetensors_find(file, "f16"), out, &error), 0);
    for (unsigned i = 0; i < 65536; i++) {
        double expected = value_of_f16(i);
        if (isnan(expected))
            cr_assert(isnan(out[i]), "%04x", i);
        else
            cr_assert(out[i] == expected && !signbit(out[i]) == !(i & 0x8000), "%04x", i);
    }
    cr_assert_eq(qsc_safetensors_read_floats(file, qsc_safetensors_find(file, "bf16"), out, &error), 0);
    for (unsigned i = 0; i < 65536; i++) {
        uint32_t bits;
        memcpy(&bits, &out[i], 4);
        cr_assert_eq(bits, i << 16);
    }
    qsc_safetensors_close(file);
}

static void must_not_write(const char *path, int expected, const char *because)
{
    int code = qsc_safetensors_write(path, two, 3, about, 2, &error);
    cr_assert_eq(code, expected, "%d: %s", code, error.text);
    cr_assert_not_null(strstr(error.text, because), "expected \"%s\", got: %s", because, error.text);
}

Test(safetensors, a_write_that_fails_leaves_nothing)
{
    must_not_write(in_scratch("no/such/place"), ENOENT, "check the path");
    cr_assert_eq(mkdir(in_scratch("taken"), 0777), 0);
    must_not_write(in_scratch("taken"), EISDIR, "taken");
    cr_assert_eq(count_entries(scratch), 1);

    const char *path = in_scratch("old");
    write_text(path, "what was there");
    limit_file_size(64);
    must_not_write(path, EFBIG, "free some space");
    limit_file_size(RLIM_INFINITY);
    cr_assert_eq(count_entries(scratch), 2, "the half-written file is still there");
    size_t length;
    char *bytes = read_bytes(path, &length);
    cr_assert_str_eq((bytes[length] = 0, bytes), "what was there");
    free(bytes);
}

Test(safetensors, two_writers_do_not_mix)
{
    const char *path = in_scratch("shared"), *partial = in_scratch("shared.partial");
    int other = open(partial, O_CREAT | O_WRONLY, 0666);
    cr_assert_eq(flock(other, LOCK_EX), 0);
    must_not_write(path, EBUSY, "another process");
    cr_assert(exists(partial), "the other's file was removed");
    close(other); /* as a kill would: the lock goes, the file stays, and the next writer takes it over */
    cr_assert_eq(qsc_safetensors_write(path, two, 3, about, 2, &error), 0, "%s", error.text);
    cr_assert_not(exists(partial));
}

Test(safetensors, impossible_tensors_are_not_written)
{
    const struct qsc_tensor_data twice[] = {two[0], two[0]},
                                 huge = {.name = "huge",
                                         .dtype = QSC_DTYPE_F32,
                                         .rank = 2,
                                         .shape = {UINT64_C(1) << 32, UINT64_C(1) << 30}},
                                 unnamed = {.name = "\xff", .dtype = QSC_DTYPE_F32, .rank = 0, .data = small};
    const char *path = in_scratch("never");
    cr_assert_eq(qsc_safetensors_write(path, twice, 2, NULL, 0, &error), EINVAL);
    cr_assert_eq(qsc_safetensors_write(path, &huge, 1, NULL, 0, &error), EINVAL);
    cr_assert_eq(qsc_safetensors_write(path, &unnamed, 1, NULL, 0, &error), EINVAL);
    cr_assert_eq(count_entries(scratch), 0);
}

static int write_then_read(void *context)
{
    const char *path = context;
    int code = qsc_safetensors_write(path, two, 3, about, 2, &error);
    if (code)
        return code;
    qsc_safetensors *file;
    code = qsc_safetensors_open(&file, path, &error);
    if (code)
        return code;
    float out[6];
    code = qsc_safetensors_read_floats(file, qsc_safetensors_at(file, 0), out, &error);
    qsc_safetensors_close(file);
    return code;
}

Test(safetensors, every_allocation_may_fail)
{
    char path[600];
    strcpy(path, in_scratch("memory"));
    cr_assert_gt(fail_each_allocation(write_then_read, path), 20);
    cr_assert_eq(count_entries(scratch), 1);
}
