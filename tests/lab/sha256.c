// Against the examples of NIST and `sha256sum`.
#include "bench/lab/sha256.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void expect(const char *data, size_t bytes, const char *text)
{
    for (size_t cut = 0; cut <= bytes; cut += bytes / 3 + 1) { // in two pieces
        struct lab_sha256 hash;
        char got[LAB_SHA256_TEXT];
        lab_sha256_begin(&hash);
        lab_sha256_add(&hash, data, cut);
        lab_sha256_add(&hash, data + cut, bytes - cut);
        lab_sha256_end(&hash, got);
        cr_assert_str_eq(got, text);
    }
}

Test(sha256, as_published)
{
    expect("", 0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    expect("abc", 3, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    const char *two =
        "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"; // its length needs a block more
    expect(two, strlen(two), "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

Test(sha256, of_a_file)
{
    char name[] = "/tmp/quiesce-sha256-XXXXXX", got[LAB_SHA256_TEXT];
    int fd = mkstemp(name);
    FILE *file = fdopen(fd, "w");
    for (int i = 0; i < 1000000; i++)
        fputc('a', file);
    fclose(file);
    cr_assert_eq(lab_sha256_file(name, got), 0);
    remove(name);
    cr_assert_str_eq(got, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    cr_assert_eq(lab_sha256_file(name, got), ENOENT);
    cr_assert_eq(lab_sha256_file("/", got), EIO);
}
