# qsc_add_exploration(NAME SOURCE...): a program that runs in every execution that C11's weak memory allows, as
# qsc-explore-cc would make it. It is a target like any other; link it to whatever the sources need.
function(qsc_add_exploration name)
  add_executable(${name} ${ARGN})
  qsc_explored(${name})
endfunction()

# The program's own calls of these come to the explorer, the C library's own do not.
set(QSC_EXPLORE_FUNCTIONS malloc free calloc realloc aligned_alloc posix_memalign memcpy memmove memset)

# qsc_explored(TARGET): its sources are compiled for an exploration, and so is what links it, if it is a program.
function(qsc_explored target)
  target_compile_options(${target} PRIVATE -fsanitize=thread -g -UNDEBUG)
  foreach(language C CXX)
    target_compile_options(${target} PRIVATE
      $<$<COMPILE_LANG_AND_ID:${language},GNU>:-Wno-tsan>
      $<$<COMPILE_LANG_AND_ID:${language},GNU>:--param=tsan-instrument-func-entry-exit=0>
      $<$<COMPILE_LANG_AND_ID:${language},GNU>:--param=tsan-distinguish-volatile=1>
      "$<$<COMPILE_LANG_AND_ID:${language},Clang>:SHELL:-mllvm -tsan-distinguish-volatile=1>")
  endforeach()
  get_target_property(type ${target} TYPE)
  if(type STREQUAL "EXECUTABLE")
    target_link_libraries(${target} PRIVATE qsc-explore)
    foreach(function IN LISTS QSC_EXPLORE_FUNCTIONS)
      target_link_options(${target} PRIVATE LINKER:--wrap=${function})
    endforeach()
    target_link_options(${target} PRIVATE LINKER:-z,now)
  endif()
endfunction()
