# SPDX-License-Identifier: Apache-2.0
#
# What a file is, is in its name: test_*.c a cmocka program, fuzz_*.c a fuzzer, bench_*.c a
# benchmark, fake_*.c a stand-in that tests alone link, *_main.c and the programs' own files a
# main(); everything else belongs to its folder's library.
set(K9_PROGRAM_FILES cmd/main.c apis/crdgen.c)
file(WRITE ${CMAKE_BINARY_DIR}/fuzzers.txt "")

# Sets ${out} to the .c files under dir (checks are a folder of their own inside controller).
function(k9_sources out dir)
  file(GLOB_RECURSE found CONFIGURE_DEPENDS RELATIVE ${CMAKE_SOURCE_DIR}
       ${CMAKE_SOURCE_DIR}/${dir}/*.c)
  list(FILTER found EXCLUDE REGEX "/examples/") # users' programs: cmake/test_install.sh
  if(NOT dir STREQUAL "controller/checks")
    list(FILTER found EXCLUDE REGEX "^controller/checks/")
  endif()
  set(${out} ${found} PARENT_SCOPE)
endfunction()

# Adds a static library, or an interface one while it has no sources yet.
function(k9_library name libs)
  if(ARGN)
    add_library(${name} STATIC ${ARGN})
    target_link_libraries(${name} PUBLIC ${libs})
  else()
    add_library(${name} INTERFACE)
    target_link_libraries(${name} INTERFACE ${libs})
  endif()
endfunction()

# k9_folder(name dir libs...): k9_<name> and, for tests, k9_<name>_fake with the stand-ins on top.
function(k9_folder name dir)
  k9_sources(sources ${dir})
  set(fakes ${sources})
  list(FILTER fakes INCLUDE REGEX "/fake_[^/]*$")
  list(FILTER sources EXCLUDE REGEX "/((test|fuzz|bench|fake)_[^/]*|[^/]*_main\\.c)$")
  list(REMOVE_ITEM sources ${K9_PROGRAM_FILES})
  k9_library(k9_${name} "${ARGN}" ${sources})
  k9_library(k9_${name}_fake k9_${name} ${fakes})
endfunction()

# k9_program(name file libs...): a program at the top of the build folder, once its file exists.
function(k9_program name file)
  file(GLOB found CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${file})
  if(found)
    add_executable(${name} ${found})
    target_link_libraries(${name} PRIVATE ${ARGN})
  endif()
endfunction()

# Adds the executable of one test_, fuzz_ or bench_ file. It is named after the file; where two
# folders have a file of one name, the upper layer's gets the folder's name in it.
function(k9_executable out folder file)
  get_filename_component(target ${file} NAME_WE)
  if(TARGET ${target})
    string(REGEX REPLACE "^(test|fuzz|bench)_" "\\1_${folder}_" target ${target})
  endif()
  add_executable(${target} ${file})
  target_link_libraries(${target} PRIVATE ${ARGN})
  set(${out} ${target} PARENT_SCOPE)
endfunction()

function(k9_register target label)
  add_test(NAME ${target} COMMAND ${target} ${ARGN} WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
  set_tests_properties(${target} PROPERTIES SKIP_RETURN_CODE 77)
  set_tests_properties(${target} PROPERTIES LABELS ${label} TIMEOUT 300)
endfunction()

# The corpus of fuzz_x.c is <folder>/testdata/fuzz/x, every file one input. cmake/fuzz.sh reads
# the list of fuzzers; in builds without libFuzzer the corpus is replayed as a test.
function(k9_fuzzer folder file)
  k9_executable(target ${folder} ${file} ${ARGN})
  string(REGEX REPLACE "^(.*)/fuzz_([^/]*)\\.c$" "\\1/testdata/fuzz/\\2" corpus ${file})
  if(K9_FUZZ)
    target_link_options(${target} PRIVATE -fsanitize=fuzzer)
    file(APPEND ${CMAKE_BINARY_DIR}/fuzzers.txt "${target} ${corpus}\n")
    return()
  endif()
  target_sources(${target} PRIVATE ${CMAKE_SOURCE_DIR}/base/fuzz_main.c)
  file(GLOB found CONFIGURE_DEPENDS LIST_DIRECTORIES true RELATIVE ${CMAKE_SOURCE_DIR}
       ${CMAKE_SOURCE_DIR}/${corpus})
  k9_register(${target} fuzz ${found})
endfunction()

# k9_tests(name dir libs...): everything in dir that a developer runs, and production does not. A
# build for release has the benchmarks alone: linking a hundred tests with LTO takes minutes.
function(k9_tests name dir)
  k9_sources(sources ${dir})
  if(CMAKE_INTERPROCEDURAL_OPTIMIZATION)
    list(FILTER sources INCLUDE REGEX "/bench_[^/]*$")
  endif()
  foreach(file IN LISTS sources)
    if(file MATCHES "/test_[^/]*$" AND CMOCKA_FOUND)
      k9_executable(target ${name} ${file} ${ARGN} PkgConfig::CMOCKA)
      k9_register(${target} unit)
    elseif(file MATCHES "/fuzz_[^/]*$" AND NOT file MATCHES "_main\\.c$")
      k9_fuzzer(${name} ${file} ${ARGN})
    elseif(file MATCHES "/bench_[^/]*$")
      k9_executable(target ${name} ${file} ${ARGN})
    endif()
  endforeach()
endfunction()
