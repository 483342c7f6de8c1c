# file: imports.c
# bug: an execution goes on from a checkpoint although the program writes a variable of a library
# noticed-by: checkpoints
s/symbol->st_shndx == SHN_UNDEF;/symbol->st_shndx == SHN_UNDEF \&\& ELF64_ST_TYPE(symbol->st_info) != STT_OBJECT;/
