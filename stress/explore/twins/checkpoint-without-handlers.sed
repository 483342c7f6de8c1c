# file: machine.c
# bug: a checkpoint lacks what the program has noted for its end
# noticed-by: checkpoints
/^static void keep\(void\)/,/^}/s/qx_exit_keep\(\);//
