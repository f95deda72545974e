# SPDX-License-Identifier: Apache-2.0
#
# What `cmake --install BUILD` puts where. Two components: `program`, with its kubectl plugin, manual
# pages and completion, and `informer`, the library for other programs: one archive of base, apis and
# informer, their headers below include/kube9-informer (so that "informer/informer.h" means the same
# as here), a pkg-config file and a CMake package.
# Sanitizer and fuzzing builds install nothing.
if(K9_SANITIZE OR K9_FUZZ OR K9_COVERAGE)
  return()
endif()
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

install(TARGETS kube9-operator RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT program)
install(FILES docs/kube9-operator.1 docs/kubectl-kube9.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1
        COMPONENT program)
# The names under which it is kubectl's plugin and that plugin's completion.
foreach(name kubectl-kube9 kubectl_complete-kube9)
  file(CREATE_LINK kube9-operator ${CMAKE_BINARY_DIR}/${name} SYMBOLIC)
  install(FILES ${CMAKE_BINARY_DIR}/${name} DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT program)
endforeach()
install(FILES cmd/completion/kube9-operator.bash RENAME kube9-operator COMPONENT program
        DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
install(FILES cmd/completion/kube9-operator.zsh RENAME _kube9-operator COMPONENT program
        DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions)
install(FILES cmd/completion/kube9-operator.fish COMPONENT program
        DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)

set(K9_INSTALLED_LIBS k9_base k9_apis k9_informer)
foreach(lib IN LISTS K9_INSTALLED_LIBS)
  list(APPEND objects $<TARGET_OBJECTS:${lib}>)
  # With link-time optimisation an object holds machine code, too: users have their own compilers.
  if(CMAKE_INTERPROCEDURAL_OPTIMIZATION AND CMAKE_C_COMPILER_ID STREQUAL "GNU")
    target_compile_options(${lib} PRIVATE -ffat-lto-objects)
  endif()
endforeach()
add_library(kube9_informer STATIC ${objects})
set_target_properties(kube9_informer PROPERTIES OUTPUT_NAME kube9-informer EXPORT_NAME informer
                                                LINKER_LANGUAGE C)
if(CMAKE_INTERPROCEDURAL_OPTIMIZATION)
  add_custom_command(TARGET kube9_informer POST_BUILD VERBATIM
    COMMAND ${CMAKE_OBJCOPY} --wildcard --remove-section .gnu.lto_* --remove-section .gnu.debuglto_*
            --strip-symbol __gnu_lto_* $<TARGET_FILE:kube9_informer>)
endif()
target_include_directories(kube9_informer
  INTERFACE $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}/kube9-informer>)
target_compile_definitions(kube9_informer INTERFACE _GNU_SOURCE)
# The libcurl of whoever links it; a release build has no shared one.
target_link_libraries(kube9_informer
  INTERFACE $<INSTALL_INTERFACE:PkgConfig::CURL> PkgConfig::LWS PkgConfig::YYJSON PkgConfig::YAML PkgConfig::OPENSSL
            PkgConfig::ZLIB Threads::Threads m)

install(TARGETS kube9_informer EXPORT kube9-informer
        ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT informer)

# The public headers of each folder; what they include of ours is listed as well.
set(K9_PUBLIC_apis credential.h kinds.h object.h quantity.h record.h rlist.h row.h rows_end.h
    rows_start.h selector.h snapshot.h types.h words.h)
set(K9_PUBLIC_base alloc.h arena.h atom.h base.h clock.h error.h heap.h http.h json.h list.h
    log.h loop.h map.h metrics.h metrics.def str.h writer.h yaml.h)
set(K9_PUBLIC_informer client.h epoch.h informer.h key.h kubeconfig.h lease.h permission.h queue.h
    reconciler.h recorder.h session.h status_error.h)
foreach(dir base apis informer)
  list(TRANSFORM K9_PUBLIC_${dir} PREPEND ${dir}/)
  install(FILES ${K9_PUBLIC_${dir}} COMPONENT informer
          DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/kube9-informer/${dir})
endforeach()
install(FILES cmake/banned_for_users.h RENAME banned.h COMPONENT informer
        DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/kube9-informer/base)
file(GLOB rows CONFIGURE_DEPENDS apis/*.def)
install(FILES ${rows} COMPONENT informer
        DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/kube9-informer/apis)

set(K9_PACKAGE_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/kube9-informer)
install(EXPORT kube9-informer NAMESPACE kube9:: FILE kube9-informerTargets.cmake
        DESTINATION ${K9_PACKAGE_DIR} COMPONENT informer)
configure_package_config_file(cmake/kube9-informerConfig.cmake.in kube9-informerConfig.cmake
                              INSTALL_DESTINATION ${K9_PACKAGE_DIR})
write_basic_package_version_file(kube9-informerConfigVersion.cmake
                                 COMPATIBILITY SameMinorVersion)
file(RELATIVE_PATH K9_PC_PREFIX /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
configure_file(cmake/kube9-informer.pc.in kube9-informer.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/kube9-informerConfig.cmake
              ${CMAKE_CURRENT_BINARY_DIR}/kube9-informerConfigVersion.cmake
        DESTINATION ${K9_PACKAGE_DIR} COMPONENT informer)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/kube9-informer.pc
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT informer)

add_test(NAME install_library COMMAND ${CMAKE_SOURCE_DIR}/cmake/test_install.sh ${CMAKE_BINARY_DIR})
set_tests_properties(install_library PROPERTIES LABELS install TIMEOUT 300)
