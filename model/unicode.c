#include <quiesce/model/unicode.h>

#include <utf8proc.h>

#include <string.h>

enum property {
    CONTROL = 1,
    PUNCTUATION = 2,
    MARK = 4,
    STARTER = 8, // combining class 0
    WHOLE = 16,  // its own decomposition
};

static const struct exception {
    uint32_t first, last;
    uint8_t properties;
    int32_t lower; // distance to the lower-case letter
} exceptions[] = {
#include "unicode_exceptions.inc"
};

static const struct exception *find_exception(uint32_t c)
{
    size_t low = 0, high = sizeof exceptions / sizeof *exceptions;
    while (low < high) {
        const size_t middle = (low + high) / 2;
        if (exceptions[middle].last < c)
            low = middle + 1;
        else
            high = middle;
    }
    const bool found = low < sizeof exceptions / sizeof *exceptions && exceptions[low].first <= c;
    return found ? &exceptions[low] : NULL;
}

static utf8proc_category_t category(uint32_t c)
{
    return utf8proc_category((utf8proc_int32_t)c);
}

bool qsc_unicode_is_space(uint32_t c)
{
    if (c < 0x80)
        return c == ' ' || c == '\t' || c == '\n' || c == '\r';
    return c == 0xa0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 ||
           c == 0x202f || c == 0x205f || c == 0x3000;
}

bool qsc_unicode_is_removed(uint32_t c)
{
    if (c < 0x80)
        return (c < ' ' && !qsc_unicode_is_space(c)) || c == 0x7f;
    if (c == 0xfffd)
        return true;
    const struct exception *exception = find_exception(c);
    if (exception)
        return exception->properties & CONTROL;
    const utf8proc_category_t is = category(c);
    return is == UTF8PROC_CATEGORY_CC || is == UTF8PROC_CATEGORY_CF || is == UTF8PROC_CATEGORY_CO;
}

bool qsc_unicode_is_punctuation(uint32_t c)
{
    if (c < 0x80)
        return (c >= '!' && c <= '/') || (c >= ':' && c <= '@') || (c >= '[' && c <= '`') ||
               (c >= '{' && c <= '~');
    const struct exception *exception = find_exception(c);
    if (exception)
        return exception->properties & PUNCTUATION;
    const utf8proc_category_t is = category(c);
    return is >= UTF8PROC_CATEGORY_PC && is <= UTF8PROC_CATEGORY_PO;
}

bool qsc_unicode_is_ideograph(uint32_t c)
{
    // 0x2b920 stands in tokenizers where BERT's original has 0x2b820.
    return (c >= 0x4e00 && c <= 0x9fff) || (c >= 0x3400 && c <= 0x4dbf) || (c >= 0x20000 && c <= 0x2a6df) ||
           (c >= 0x2a700 && c <= 0x2b73f) || (c >= 0x2b740 && c <= 0x2b81f) ||
           (c >= 0x2b920 && c <= 0x2ceaf) || (c >= 0xf900 && c <= 0xfaff) || (c >= 0x2f800 && c <= 0x2fa1f);
}

bool qsc_unicode_is_mark(uint32_t c)
{
    if (c < 0x300)
        return false;
    const struct exception *exception = find_exception(c);
    return exception ? exception->properties & MARK : category(c) == UTF8PROC_CATEGORY_MN;
}

int qsc_unicode_combining_class(uint32_t c)
{
    if (c < 0x300)
        return 0;
    const struct exception *exception = find_exception(c);
    if (exception && exception->properties & STARTER)
        return 0;
    return utf8proc_get_property((utf8proc_int32_t)c)->combining_class;
}

int qsc_unicode_decompose(uint32_t c, uint32_t decomposed[QSC_UNICODE_DECOMPOSED_MAX])
{
    decomposed[0] = c;
    if (c < 0xc0)
        return 1;
    const struct exception *exception = find_exception(c);
    if (exception && exception->properties & WHOLE)
        return 1;
    utf8proc_int32_t parts[QSC_UNICODE_DECOMPOSED_MAX];
    const utf8proc_ssize_t count = utf8proc_decompose_char(
        (utf8proc_int32_t)c, parts, QSC_UNICODE_DECOMPOSED_MAX, UTF8PROC_DECOMPOSE | UTF8PROC_STABLE, NULL);
    for (utf8proc_ssize_t i = 0; i < count; i++)
        decomposed[i] = (uint32_t)parts[i];
    return (int)count;
}

uint32_t qsc_unicode_lower(uint32_t c)
{
    if (c < 0x80)
        return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c;
    const struct exception *exception = find_exception(c);
    if (exception)
        return (uint32_t)((int32_t)c + exception->lower);
    return (uint32_t)utf8proc_tolower((utf8proc_int32_t)c);
}

int qsc_unicode_read(uint32_t *c, const char *text, size_t bytes)
{
    const unsigned char first = (unsigned char)*text;
    if (first < 0x80) {
        *c = first;
        return 1;
    }
    utf8proc_int32_t read;
    const utf8proc_ssize_t length =
        utf8proc_iterate((const utf8proc_uint8_t *)text, bytes < 4 ? (utf8proc_ssize_t)bytes : 4, &read);
    if (length <= 0)
        return 0;
    *c = (uint32_t)read;
    return (int)length;
}

int qsc_unicode_write(char text[4], uint32_t c)
{
    if (c < 0x80) {
        *text = (char)c;
        return 1;
    }
    return (int)utf8proc_encode_char((utf8proc_int32_t)c, (utf8proc_uint8_t *)text);
}

size_t qsc_unicode_valid(const char *text, size_t bytes)
{
    size_t at = 0;
    while (at < bytes) {
        uint32_t c;
        const int length = qsc_unicode_read(&c, text + at, bytes - at);
        if (length == 0)
            break;
        at += (size_t)length;
    }
    return at;
}
