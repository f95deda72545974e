# SPDX-License-Identifier: Apache-2.0
#
# Third-party libraries, with the least version each: stated here and nowhere else.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)

pkg_check_modules(LWS REQUIRED IMPORTED_TARGET libwebsockets>=4.1)
pkg_check_modules(YYJSON REQUIRED IMPORTED_TARGET yyjson>=0.8)
pkg_check_modules(YAML REQUIRED IMPORTED_TARGET yaml-0.1>=0.2.5)
pkg_check_modules(OPENSSL REQUIRED IMPORTED_TARGET openssl>=3.0)
pkg_check_modules(SQLITE REQUIRED IMPORTED_TARGET sqlite3>=3.40)
pkg_check_modules(ZLIB REQUIRED IMPORTED_TARGET zlib)
pkg_check_modules(CMOCKA IMPORTED_TARGET cmocka>=1.1.5)

if(K9_STATIC_CURL)
  # Built once per version and machine under the user's cache folder; prints the prefix at the end.
  message(STATUS "static libcurl: cmake/build_curl.sh (first time about two minutes)")
  execute_process(
    COMMAND ${CMAKE_SOURCE_DIR}/cmake/build_curl.sh
    OUTPUT_VARIABLE curl_prefix OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
  add_library(k9_curl INTERFACE)
  target_include_directories(k9_curl SYSTEM INTERFACE ${curl_prefix}/include)
  target_compile_definitions(k9_curl INTERFACE CURL_STATICLIB)
  target_link_libraries(k9_curl INTERFACE ${curl_prefix}/lib/libcurl.a -l:libnghttp2.a PkgConfig::OPENSSL
                                          PkgConfig::ZLIB)
  set(K9_CURL k9_curl)
else()
  pkg_check_modules(CURL REQUIRED IMPORTED_TARGET libcurl>=7.88)
  set(K9_CURL PkgConfig::CURL)
endif()

set(K9_BASE_LIBS ${K9_CURL} PkgConfig::LWS PkgConfig::YYJSON PkgConfig::YAML PkgConfig::OPENSSL
                 PkgConfig::ZLIB Threads::Threads m)
