#ifndef QUIESCE_MODEL_REPORT_H
#define QUIESCE_MODEL_REPORT_H

#include <quiesce/model/error.h>

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// What is compared: label ids of every word, sentence after sentence. Names give the ids their meaning: O, B,
// I, B-TYPE, I-TYPE (a name of another form is read as seqeval reads it). Points to the caller's arrays.
struct qsc_tagging {
    size_t sentences;
    const size_t *first;      // (sentences + 1), as in struct qsc_corpus
    const int32_t *gold;      // (first[sentences])
    const int32_t *predicted; // (first[sentences])
    const char *const *names; // (label_count)
    int label_count;
};

struct qsc_scores {
    double precision, recall, f1; // 0 where the quotient is 0/0, as both libraries print it
    uint64_t support;             // in the gold labels
};

// Micro-averaged scores of whole entities: right when type, start and end are right. Equal to seqeval's
// precision_score, recall_score and f1_score (default mode, after conlleval).
// Returns 0, EINVAL (a label id out of range, no words), ENOMEM. Does not block. Any thread.
int qsc_report_entities(struct qsc_scores *micro, const struct qsc_tagging *tagging, struct qsc_error *err)
    __attribute__((warn_unused_result));

// The text seqeval.metrics.classification_report(gold, predicted, digits=digits) returns, byte for byte
// (1.2.2, default mode); where neither side has an entity, for which that raises ValueError, all figures are
// 0. digits is 0 .. 15. *text is to be freed with qsc_free; set only by 0. Returns as qsc_report_entities.
// Does not block. Any thread.
int qsc_report_entity_text(char **text, const struct qsc_tagging *tagging, int digits, struct qsc_error *err)
    __attribute__((warn_unused_result));

// The text sklearn.metrics.classification_report(gold, predicted, digits=digits, zero_division=0) returns for
// the flat lists of label names, O included, byte for byte (scikit-learn 1.x). Otherwise as
// qsc_report_entity_text.
int qsc_report_token_text(char **text, const struct qsc_tagging *tagging, int digits, struct qsc_error *err)
    __attribute__((warn_unused_result));

#ifdef __cplusplus
}
#endif
#endif
