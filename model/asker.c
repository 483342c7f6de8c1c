#include <quiesce/model/asker.h>

#include <errno.h>
#include <quiesce/concurrency/alloc.h>
#include <string.h>

size_t qsc_asker_words(const struct qsc_asker *asker, size_t question)
{
    return asker->questions->first[question + 1] - asker->questions->first[question];
}

static size_t longest(const struct qsc_asker *asker)
{
    size_t words = 1;
    for (size_t question = 0; question < asker->questions->sentences; question++) {
        size_t own = qsc_asker_words(asker, question);
        words = own > words ? own : words;
    }
    return words;
}

int qsc_asker_init(struct qsc_asker *asker, const qsc_tokenizer *tokenizer, const qsc_bert_plan *plan,
                   const struct qsc_corpus *questions, struct qsc_error *err)
{
    *asker = (struct qsc_asker){.questions = questions,
                                .num_labels = qsc_bert_plan_layout(plan)->config->num_labels};
    size_t words = longest(asker);
    asker->labels = qsc_alloc(words * sizeof *asker->labels);
    asker->logits = qsc_alloc(words * (size_t)asker->num_labels * sizeof *asker->logits);
    int code = 0;
    if (!asker->labels || !asker->logits)
        code = qsc_fail(err, ENOMEM, "out of memory for the answer to a question of %zu words", words);
    if (!code)
        code = qsc_tagger_create(&asker->tagger, tokenizer, plan, 0, 0, err);
    if (code)
        qsc_asker_fini(asker);
    return code;
}

void qsc_asker_fini(struct qsc_asker *asker)
{
    qsc_tagger_destroy(asker->tagger);
    qsc_free(asker->labels);
    qsc_free(asker->logits);
    *asker = (struct qsc_asker){0};
}

/* Each step is a bijection of the hash for a given word, so that a single differing word always shows. */
static uint64_t mix(uint64_t hash, const void *bytes, size_t words)
{
    for (size_t i = 0; i < words; i++) {
        uint32_t word;
        memcpy(&word, (const char *)bytes + i * sizeof word, sizeof word);
        hash = (hash ^ word) * 0x9e3779b97f4a7c15u;
        hash ^= hash >> 29;
    }
    return hash;
}

int qsc_asker_ask(struct qsc_asker *asker, const qsc_bert_weights *weights, size_t question,
                  uint64_t *fingerprint, struct qsc_error *err)
{
    size_t words = qsc_asker_words(asker, question);
    const size_t first[] = {0, words};
    const struct qsc_sentences sentence = {
        .count = 1, .first = first, .words = asker->questions->text + asker->questions->first[question]};
    const struct qsc_answers answers = {.labels = asker->labels, .logits = asker->logits};
    int code = qsc_tagger_tag(asker->tagger, weights, &sentence, &answers, err);
    if (code)
        return code;
    *fingerprint = mix(mix(words, asker->labels, words), asker->logits, words * (size_t)asker->num_labels);
    return 0;
}
