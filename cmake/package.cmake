# `cpack` in the build folder: Debian packages of the toolkit, the library and what compiling with it needs apart, so that
# two versions of the library can be installed side by side. concurrency/CMakeLists.txt sets `soversion` and the components.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_CONTACT "quiesce maintainers <maintainers@quiesce.invalid>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "concurrency toolkit whose memory orders are machine-checked")
set(CPACK_COMPONENTS_ALL runtime development)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_ENABLE_COMPONENT_DEPENDS ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)

set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS ON)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS_POLICY ">=")

set(about "Locks, condition variable, semaphore, latch, barrier, once, seqlock, RCU,
snapshot cell, bounded queue and a work-stealing pool for C11 and C++17,
each explored in every execution that weak memory allows.")
set(CPACK_DEBIAN_RUNTIME_PACKAGE_NAME libquiesce${soversion})
set(CPACK_DEBIAN_RUNTIME_PACKAGE_SECTION libs)
set(CPACK_DEBIAN_RUNTIME_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_RUNTIME_PACKAGE_CONTROL_EXTRA ${CMAKE_SOURCE_DIR}/cmake/triggers)
set(CPACK_COMPONENT_RUNTIME_DESCRIPTION "${about}")

set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_NAME libquiesce-dev)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_DEPENDS "libquiesce${soversion} (= ${PROJECT_VERSION}), libc6-dev, liburcu-dev")
set(CPACK_COMPONENT_DEVELOPMENT_DESCRIPTION "${about}\n\nThese are the headers and the static library.")

# Every Debian package carries these two; an installation by hand does not.
configure_file(${CMAKE_SOURCE_DIR}/cmake/changelog.Debian.in changelog @ONLY)
execute_process(COMMAND gzip -9nc ${CMAKE_CURRENT_BINARY_DIR}/changelog
  OUTPUT_FILE ${CMAKE_CURRENT_BINARY_DIR}/changelog.gz COMMAND_ERROR_IS_FATAL ANY)
foreach(component RUNTIME DEVELOPMENT)
  string(TOLOWER ${component} name)
  install(FILES ${CMAKE_SOURCE_DIR}/cmake/copyright ${CMAKE_CURRENT_BINARY_DIR}/changelog.gz
    DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/${CPACK_DEBIAN_${component}_PACKAGE_NAME}
    COMPONENT ${name} EXCLUDE_FROM_ALL)
endforeach()
include(CPack)
