# file: concurrency/rcu.c
# bug: ThreadSanitizer is not told that a section ends before the grace period that waited for it
# killed-by: tsan tsan-bare
/qsc_annotate_release\(&section_end\)/d
