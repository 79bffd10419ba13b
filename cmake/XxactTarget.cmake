# What every target of this project shares: include root, warnings, sanitizers. Of these, users of the installed libraries get the first alone.
add_library(xxact_options INTERFACE)
set_target_properties(xxact_options PROPERTIES EXPORT_NAME options)
target_include_directories(xxact_options INTERFACE $<BUILD_INTERFACE:${CMAKE_SOURCE_DIR}> $<INSTALL_INTERFACE:include/xxact>)
target_compile_features(xxact_options INTERFACE cxx_std_20)
target_compile_options(xxact_options INTERFACE "$<BUILD_INTERFACE:-Wall;-Wextra;-Wpedantic>"
  $<BUILD_INTERFACE:$<$<BOOL:${XXACT_WERROR}>:-Werror>>)
if(XXACT_SANITIZE)
  target_compile_options(xxact_options INTERFACE -fsanitize=${XXACT_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(xxact_options INTERFACE -fsanitize=${XXACT_SANITIZE})
endif()
if(XXACT_FUZZ AND NOT CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  message(FATAL_ERROR "XXACT_FUZZ needs clang (libFuzzer), not ${CMAKE_CXX_COMPILER_ID}: use the preset 'asan' or -DCMAKE_CXX_COMPILER=clang++")
endif()

# xxact_library(<name> SOURCES ... [LINK ...]): a static library xxact_<name>, alias xxact::<name>; cmake/XxactInstall.cmake installs all of them.
# With XXACT_FUZZ it is compiled to tell libFuzzer which branches ran; tests and programs are not, and link it all the same.
function(xxact_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINK;PRIVATE_LINK" ${ARGN})
  add_library(xxact_${name} STATIC ${ARG_SOURCES})
  add_library(xxact::${name} ALIAS xxact_${name})
  set_target_properties(xxact_${name} PROPERTIES POSITION_INDEPENDENT_CODE ON EXPORT_NAME ${name})
  set_property(GLOBAL APPEND PROPERTY XXACT_PARTS ${name})
  target_link_libraries(xxact_${name} PUBLIC xxact_options ${ARG_LINK} PRIVATE ${ARG_PRIVATE_LINK})
  if(XXACT_FUZZ)
    target_compile_options(xxact_${name} PRIVATE -fsanitize=fuzzer-no-link)
  endif()
endfunction()
