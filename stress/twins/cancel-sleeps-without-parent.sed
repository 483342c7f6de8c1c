# file: concurrency/cancel.c
# bug: a wait does not sleep on the tokens above its own
# killed-by: explore genmc
# scenario: parent
s/token && tokens < QSC_PORT_FUTEXES - 1;/token \&\& tokens < 1;/
s/token \? ENOSYS : //
