# Everything that is not ours, all of it from Debian; the README says why each was chosen.
find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(URCU REQUIRED IMPORTED_TARGET liburcu-memb)
if(CMAKE_CROSSCOMPILING)
  return() # the toolkit needs no more
endif()
pkg_check_modules(JANSSON REQUIRED IMPORTED_TARGET jansson)
pkg_check_modules(LIBMD REQUIRED IMPORTED_TARGET libmd)
pkg_check_modules(UTF8PROC REQUIRED IMPORTED_TARGET libutf8proc)
if(QSC_SANITIZE)
  set(QSC_ONEDNN OFF) # generated code is invisible to sanitizers: they run the plain C product
else()
  set(QSC_ONEDNN ON)
  # Not find_package(dnnl): Debian's asks for OpenCL's headers, which libdnnl-dev does not bring and we do not use.
  find_library(DNNL_LIBRARY dnnl REQUIRED)
  find_path(DNNL_INCLUDE_DIR oneapi/dnnl/dnnl.h REQUIRED)
  add_library(DNNL::dnnl SHARED IMPORTED)
  set_target_properties(DNNL::dnnl PROPERTIES IMPORTED_LOCATION ${DNNL_LIBRARY}
    INTERFACE_INCLUDE_DIRECTORIES ${DNNL_INCLUDE_DIR})
  find_package(OpenMP REQUIRED COMPONENTS C) # only to hold oneDNN's teams to one thread
  find_package(benchmark REQUIRED)
  find_package(TBB QUIET) # to compare with, where it is
endif()
if(NOT QSC_SANITIZE STREQUAL "thread")
  pkg_check_modules(CRITERION REQUIRED IMPORTED_TARGET criterion)
endif()
if(NOT QSC_SANITIZE) # sanitizers see the kernels for GPUs through the shim that tests run them on
  include(cmake/cuda.cmake)
endif()
