# SPDX-License-Identifier: Apache-2.0
#
# k9_embed(target header name file): adds const char name[] with the text of file to a target, so
# that a stylesheet can be written as one. The header declares it.
function(k9_embed target header name file)
  set(made ${CMAKE_BINARY_DIR}/embedded/${name}.c)
  file(READ ${CMAKE_SOURCE_DIR}/${file} text)
  string(REPLACE "\\" "\\\\" text "${text}")
  string(REPLACE "\"" "\\\"" text "${text}")
  string(REPLACE "\n" "\\n\"\n\"" text "${text}")
  file(CONFIGURE OUTPUT ${made} @ONLY NEWLINE_STYLE UNIX CONTENT
       "#include \"@header@\"\n\nconst char @name@[] =\n\"@text@\";\n")
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${file})
  target_sources(${target} PRIVATE ${made})
endfunction()
