#ifndef QUIESCE_MODEL_ERROR_H
#define QUIESCE_MODEL_ERROR_H

#ifdef __cplusplus
extern "C" {
#endif

// Why a call of model/ failed, for the person who has to mend it: one line naming file, place and remedy.
// All-zero bytes are a valid, empty error. The text is set only by a call that fails.
struct qsc_error {
    char text[1024];
};

// Writes the formatted line into err, unless err is NULL, and gives code back, so that a failing function
// ends with `return qsc_fail(err, EINVAL, "%s:%d: ...", ...)`. Control characters, which may come from a
// hostile file, become '?': the text is one line whatever it quotes.
// Returns: code. Does not block. Wait-free but for the formatting. Gives no memory order. Any thread, each
// with an err of its own.
int qsc_fail(struct qsc_error *err, int code, const char *format, ...) __attribute__((format(printf, 3, 4)));

#ifdef __cplusplus
}
#endif
#endif
