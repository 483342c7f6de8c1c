# How the project's programs and libraries are compiled; each folder only says which files it has.

add_compile_options("$<$<COMPILE_LANGUAGE:C,CXX>:-Wall;-Wextra;-Wshadow>" $<$<COMPILE_LANGUAGE:CUDA>:-Xcompiler=-Wall,-Wextra,-Wshadow>)
add_compile_options($<$<COMPILE_LANGUAGE:C>:-Wconversion> $<$<COMPILE_LANGUAGE:C>:-Werror=implicit-function-declaration>)
if(QSC_SANITIZE)
  add_compile_options(-fsanitize=${QSC_SANITIZE} -fno-omit-frame-pointer -O1)
  add_link_options(-fsanitize=${QSC_SANITIZE})
else()
  add_compile_options("$<$<AND:$<COMPILE_LANGUAGE:C,CXX>,$<NOT:$<CONFIG:Debug>>>:-O3>")
endif()
if(NOT QSC_ANNOTATE_LOCKS)
  add_compile_definitions(QSC_BARE_LOCKS)
endif()

# Users write <quiesce/concurrency/mutex.h>; so do we.
file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/include/quiesce)
foreach(room concurrency kernels model)
  file(CREATE_LINK ${CMAKE_SOURCE_DIR}/${room} ${CMAKE_BINARY_DIR}/include/quiesce/${room} SYMBOLIC)
endforeach()
include_directories(${CMAKE_BINARY_DIR}/include)

# A sanitizer's report fails a test even where the program itself exits 0 (Criterion forgives a leak).
set(QSC_SANITIZER_REPORT "ERROR: (Leak|Address|Thread)Sanitizer;WARNING: ThreadSanitizer;runtime error:")

# qsc_test(ROOM NAME LIBRARIES...): tests/ROOM/NAME.c becomes the Criterion program test-ROOM-NAME.
function(qsc_test room name)
  set(program test-${room}-${name})
  add_executable(${program} ${CMAKE_SOURCE_DIR}/tests/${room}/${name}.c)
  target_link_libraries(${program} PRIVATE ${ARGN})
  # Criterion cannot start under ThreadSanitizer (its issue 274), and is not there for another processor.
  if(QSC_SANITIZE STREQUAL "thread" OR CMAKE_CROSSCOMPILING)
    target_include_directories(${program} BEFORE PRIVATE ${CMAKE_SOURCE_DIR}/tests/shim)
  else()
    target_link_libraries(${program} PRIVATE PkgConfig::CRITERION)
  endif()
  add_test(NAME ${program} COMMAND ${program} -j1)
  set_tests_properties(${program} PROPERTIES TIMEOUT 300 SKIP_RETURN_CODE 77 FAIL_REGULAR_EXPRESSION "${QSC_SANITIZER_REPORT}")
endfunction()

# qsc_bench(NAME LIBRARIES...): bench/NAME.cc becomes the Google Benchmark program bench-NAME.
function(qsc_bench name)
  add_executable(bench-${name} ${CMAKE_SOURCE_DIR}/bench/${name}.cc)
  target_link_libraries(bench-${name} PRIVATE benchmark::benchmark_main benchmark::benchmark ${ARGN})
endfunction()
