# SPDX-License-Identifier: Apache-2.0
#
# Dialect, warnings, sanitizers and hardening, the same for every file of ours.
set(CMAKE_C_STANDARD 11)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Debug CACHE STRING "" FORCE)
endif()

# No NDEBUG anywhere: an assertion that fails in production is a report, not a silent wrong answer.
set(CMAKE_C_FLAGS_DEBUG "-Og -g")
# The folder that it is built in is not in the program: equal source gives equal bytes.
set(CMAKE_C_FLAGS_RELWITHDEBINFO "-O2 -g -ffile-prefix-map=${CMAKE_SOURCE_DIR}=. -ffile-prefix-map=${CMAKE_BINARY_DIR}=build")
set(CMAKE_C_FLAGS_RELEASE "-O2")

add_compile_definitions(_GNU_SOURCE K9_VERSION="${PROJECT_VERSION}")
include_directories(${CMAKE_SOURCE_DIR})

add_compile_options(
  -Wall -Wextra -Wshadow -Wvla -Wundef -Wstrict-prototypes -Wmissing-prototypes -Wwrite-strings
  -Wpointer-arith -Wformat=2 -Wold-style-definition
  -fno-common -ffunction-sections -fdata-sections)
if(K9_WERROR)
  add_compile_options(-Werror)
endif()
add_link_options(-Wl,--gc-sections -Wl,--as-needed)

# A debug build with gcc spends most of its link time on debug information; lld halves it.
if(CMAKE_C_COMPILER_ID STREQUAL "Clang")
  add_link_options(-fuse-ld=lld)
endif()

if(K9_FUZZ)
  if(NOT CMAKE_C_COMPILER_ID STREQUAL "Clang")
    message(FATAL_ERROR "K9_FUZZ needs clang: use the fuzz preset")
  endif()
  if(NOT K9_SANITIZE)
    set(K9_SANITIZE address,undefined)
  endif()
  add_compile_options(-fsanitize=fuzzer-no-link)
  add_compile_definitions(FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION)
endif()

if(K9_SANITIZE)
  add_compile_options(-fsanitize=${K9_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${K9_SANITIZE})
  if(K9_SANITIZE MATCHES address)
    # base/arena.c then gives each piece a malloc of its own, so that ASan sees its edges.
    add_compile_definitions(ARENA_DEBUG)
  endif()
endif()

if(K9_COVERAGE)
  if(CMAKE_C_COMPILER_ID STREQUAL "Clang")
    add_compile_options(-fprofile-instr-generate -fcoverage-mapping)
    add_link_options(-fprofile-instr-generate)
  else()
    add_compile_options(--coverage)
    add_link_options(--coverage)
  endif()
endif()

if(CMAKE_BUILD_TYPE MATCHES "^Rel")
  add_compile_options(-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2 -fstack-protector-strong
                      -fstack-clash-protection -fvisibility=hidden)
  add_link_options(-pie -Wl,-z,relro,-z,now,-z,noexecstack)
endif()
