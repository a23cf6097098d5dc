# Warnings, sanitizers and the light precompiled header, shared by every target.

add_library(hk_warnings INTERFACE)
target_compile_options(hk_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wnon-virtual-dtor -Wold-style-cast
  -Woverloaded-virtual -Wimplicit-fallthrough -Werror=switch-enum -Werror=return-type
  -Werror=unused-result -Wno-missing-field-initializers)
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  target_compile_options(hk_warnings INTERFACE -Werror=suggest-override -Wno-missing-designated-field-initializers)
  target_compile_options(hk_warnings INTERFACE -Wno-unknown-warning-option)
endif()
if(HK_WERROR)
  target_compile_options(hk_warnings INTERFACE -Werror)
endif()

if(HK_SANITIZE STREQUAL "address")
  # null, alignment and vptr checks triple the compile time of Boost-heavy files and find nothing here. A library that
  # is loaded at run time (NVML, sd-bus) is called through prototypes of our own, which the function check takes amiss.
  add_compile_options(-fsanitize=address,undefined -fno-sanitize=null,alignment,vptr,function
    -fno-sanitize-recover=undefined -fno-omit-frame-pointer)
  add_link_options(-fsanitize=address,undefined)
elseif(HK_SANITIZE STREQUAL "thread")
  add_compile_options(-fsanitize=thread -fno-omit-frame-pointer)
  add_link_options(-fsanitize=thread)
endif()

# Only the standard library and Boost's forward parts: a larger header costs more than it saves.
function(hk_precompile target)
  if(HK_PCH)
    if(NOT TARGET hk_pch)
      file(WRITE ${CMAKE_BINARY_DIR}/hk_pch.cpp "// the precompiled header's own translation unit\n")
      add_library(hk_pch STATIC ${CMAKE_BINARY_DIR}/hk_pch.cpp)
      target_link_libraries(hk_pch PRIVATE hk_warnings) # g++ takes it only where the same warnings are on
      target_precompile_headers(hk_pch PRIVATE
        <algorithm> <chrono> <cstdint> <deque> <expected> <functional> <map> <memory> <optional> <set>
        <span> <string> <string_view> <unordered_map> <utility> <variant> <vector>)
    endif()
    target_precompile_headers(${target} REUSE_FROM hk_pch)
  endif()
endfunction()

# The C library stays shared: names are resolved and the machine's own NVML and libsystemd are loaded through it. A
# start is faster by the time that the loader takes (relocations packed, unused code dropped), which a user of the
# command line waits for each time, and which the runner holds in memory.
macro(hk_link_statically)
  set(OPENSSL_USE_STATIC_LIBS ON)
  set(ZLIB_USE_STATIC_LIBS ON)
  find_library(SQLite3_LIBRARY NAMES libsqlite3.a REQUIRED)
  add_compile_options(-ffunction-sections -fdata-sections)
  add_link_options(-static-libstdc++ -static-libgcc -Wl,--as-needed -Wl,--gc-sections -Wl,-z,pack-relative-relocs)
endmacro()
