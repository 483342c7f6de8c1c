# file: state.c
# bug: a checkpoint lacks the threads' own variables
# noticed-by: checkpoints
/^void qx_state_keep_thread/,/^}/s/qx_keep\(\(char \*\)context->tls.*//
