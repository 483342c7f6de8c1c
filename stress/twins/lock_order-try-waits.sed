# file: concurrency/annotate.h
# bug: a try counts as a wait
# killed-by: native
s/!\(how & QSC_ANNOTATE_TRY\)/how >= 0/
