# SPDX-License-Identifier: Apache-2.0
#
# Rules about the source itself, as tests: ctest -L lint. They read the tree, not the build, so the
# sanitizer builds leave them out. clang-tidy takes minutes and is a stage of cmake/test.sh instead.
if(K9_SANITIZE OR K9_COVERAGE)
  return()
endif()
foreach(rule layers docs sizes style format cases snippets)
  add_test(NAME lint_${rule} COMMAND ${CMAKE_SOURCE_DIR}/cmake/check_${rule}.sh
           WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
  set_tests_properties(lint_${rule} PROPERTIES LABELS lint TIMEOUT 300)
endforeach()
add_test(NAME lint_rules_bite COMMAND ${CMAKE_SOURCE_DIR}/cmake/test_rules.sh)
set_tests_properties(lint_rules_bite PROPERTIES LABELS lint TIMEOUT 300)
# Not about the source's form, but as cheap and as independent of the build: the Lease's protocol.
add_test(NAME lint_lease_model COMMAND ${CMAKE_SOURCE_DIR}/cmake/check_lease_model.sh)
set_tests_properties(lint_lease_model PROPERTIES LABELS lint TIMEOUT 300)
# Documents against the schemas and in the browser that others read them with: one build is enough.
add_test(NAME lint_formats COMMAND ${CMAKE_SOURCE_DIR}/cmake/test_formats.sh build/dev)
set_tests_properties(lint_formats PROPERTIES LABELS lint TIMEOUT 300 WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
# The program itself with input that is wrong in every way we know.
add_test(NAME lint_manifests COMMAND ${CMAKE_SOURCE_DIR}/cmake/test_manifests.sh build/dev)
set_tests_properties(lint_manifests PROPERTIES LABELS lint TIMEOUT 300 WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
# The steps of a new check, in a scratch copy: nothing else has to change.
add_test(NAME lint_recipe COMMAND ${CMAKE_SOURCE_DIR}/cmake/test_recipe.sh build/dev)
set_tests_properties(lint_recipe PROPERTIES LABELS lint TIMEOUT 300 WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
