# file: concurrency/lock_order.c
# bug: locks of one class are compared as a class
# killed-by: native
s/held_class == wanted_class;/!held_class \&\& !wanted_class;/
