# Target `docs`: the API reference, from the comments of the headers in the list `headers`. annotate.h is no interface.
find_program(QSC_DOXYGEN doxygen)
if(NOT QSC_DOXYGEN)
  return()
endif()
set(documented ${headers})
list(REMOVE_ITEM documented annotate.h)
list(TRANSFORM documented PREPEND ${CMAKE_CURRENT_SOURCE_DIR}/)
string(JOIN " " QSC_DOCUMENTED ${documented})
configure_file(${CMAKE_SOURCE_DIR}/docs/Doxyfile.in Doxyfile @ONLY)
add_custom_target(docs # anew, so that no page of what is gone is left
  COMMAND ${CMAKE_COMMAND} -E rm -rf ${CMAKE_BINARY_DIR}/docs/html ${CMAKE_BINARY_DIR}/docs/man
  COMMAND ${QSC_DOXYGEN} ${CMAKE_CURRENT_BINARY_DIR}/Doxyfile VERBATIM)
