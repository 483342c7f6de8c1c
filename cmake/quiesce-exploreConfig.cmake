# find_package(quiesce-explore): qsc_add_exploration(NAME SOURCE...), as explore.cmake beside this file has it.
get_filename_component(_qsc_explore_lib ${CMAKE_CURRENT_LIST_DIR}/../.. ABSOLUTE)
if(NOT TARGET qsc-explore)
  add_library(qsc-explore SHARED IMPORTED)
  set_target_properties(qsc-explore PROPERTIES IMPORTED_LOCATION ${_qsc_explore_lib}/libqsc-explore.so)
endif()
unset(_qsc_explore_lib)
include(${CMAKE_CURRENT_LIST_DIR}/explore.cmake)
