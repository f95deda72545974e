# SPDX-License-Identifier: Apache-2.0
#
# Rules about the source itself, as tests: ctest -L lint. They read the tree, not the build.
foreach(rule layers docs sizes)
  add_test(NAME lint_${rule} COMMAND ${CMAKE_SOURCE_DIR}/cmake/check_${rule}.sh
           WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
  set_tests_properties(lint_${rule} PROPERTIES LABELS lint TIMEOUT 60)
endforeach()
