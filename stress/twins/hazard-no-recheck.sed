# file: concurrency/hazard.h
# bug: an object is taken for protected without another look at where it was found
# killed-by: explore
s/__builtin_expect\(now == object, 1\)/now || true/
