# Torch from the pinned wheel, as our own imported targets: find_package(Torch) on the CUDA wheel wants a
# CUDA toolkit even for programs that only use the CPU.
#   xxact::torch       headers, libtorch_cpu, libc10
#   xxact::torch_cuda  the same and libtorch_cuda, CUDA runtime, NCCL (only with XXACT_CUDA)
set(XXACT_TORCH_VERSION 2.11.0)
file(GLOB XXACT_TORCH_DIR LIST_DIRECTORIES true
  ${XXACT_TORCH_PREFIX}/lib/python3*/site-packages/torch ${XXACT_TORCH_PREFIX}/torch ${XXACT_TORCH_PREFIX})
list(FILTER XXACT_TORCH_DIR INCLUDE REGEX "/torch/?$")
list(LENGTH XXACT_TORCH_DIR n)
if(n EQUAL 0)
  message(FATAL_ERROR "No torch under ${XXACT_TORCH_PREFIX}. Run ./bootstrap.sh setup, set XXACT_TORCH_PREFIX, or configure with -DXXACT_TORCH=OFF")
endif()
list(GET XXACT_TORCH_DIR 0 XXACT_TORCH_DIR)
file(STRINGS ${XXACT_TORCH_DIR}/version.py version_line REGEX "^__version__")
if(NOT version_line MATCHES "'${XXACT_TORCH_VERSION}(\\+[a-z0-9]+)?'")
  message(FATAL_ERROR "torch at ${XXACT_TORCH_DIR} says ${version_line}; this program is built against ${XXACT_TORCH_VERSION}")
endif()
message(STATUS "Torch: ${XXACT_TORCH_DIR} ${version_line}")

add_library(xxact_torch INTERFACE)
add_library(xxact::torch ALIAS xxact_torch)
# After the system's folders: the wheel carries headers of another fmt, which would not fit the libfmt that is linked.
target_compile_options(xxact_torch INTERFACE
  "SHELL:-idirafter ${XXACT_TORCH_DIR}/include" "SHELL:-idirafter ${XXACT_TORCH_DIR}/include/torch/csrc/api/include")
target_link_libraries(xxact_torch INTERFACE ${XXACT_TORCH_DIR}/lib/libtorch_cpu.so ${XXACT_TORCH_DIR}/lib/libc10.so Threads::Threads)
# The wheel's libraries look for the CUDA runtime and CUPTI beside themselves, in the nvidia wheels.
get_filename_component(site ${XXACT_TORCH_DIR} DIRECTORY)
file(GLOB XXACT_NVIDIA_LIBS ${site}/nvidia/*/lib)
foreach(dir ${XXACT_NVIDIA_LIBS})
  target_link_options(xxact_torch INTERFACE -Wl,-rpath-link,${dir})
endforeach()

# One precompiled header for every target that includes Torch (25 s and more a file without it). GCC takes it only
# when the flags are the same, so programs are compiled with -fPIC as the libraries are, not with -fPIE.
function(xxact_torch_pch_flags target)
  get_target_property(type ${target} TYPE)
  if(type STREQUAL "EXECUTABLE")
    target_compile_options(${target} PRIVATE -fPIC)
  else()
    set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE ON)
  endif()
  if(XXACT_CCACHE)  # ccache keeps objects made with a precompiled header only when told these two things
    target_compile_options(${target} PRIVATE -fpch-preprocess)
    set_target_properties(${target} PROPERTIES CXX_COMPILER_LAUNCHER
      "${CMAKE_COMMAND};-E;env;CCACHE_SLOPPINESS=pch_defines,time_macros;${XXACT_CCACHE}")
  endif()
endfunction()
function(xxact_reuse_torch_pch target)
  xxact_torch_pch_flags(${target})
  target_precompile_headers(${target} REUSE_FROM xxact_torch_pch)
endfunction()

if(XXACT_CUDA)
  find_package(CUDAToolkit REQUIRED)
  file(GLOB XXACT_NCCL_LIBRARY ${site}/nvidia/nccl/lib/libnccl.so.2)
  if(NOT XXACT_NCCL_LIBRARY)
    message(FATAL_ERROR "XXACT_CUDA needs the wheel's own NCCL at ${site}/nvidia/nccl; run ./bootstrap.sh setup --cuda")
  endif()
  add_library(xxact_torch_cuda INTERFACE)
  add_library(xxact::torch_cuda ALIAS xxact_torch_cuda)
  target_include_directories(xxact_torch_cuda SYSTEM INTERFACE ${site}/nvidia/nccl/include)
  target_link_libraries(xxact_torch_cuda INTERFACE xxact::torch
    ${XXACT_TORCH_DIR}/lib/libtorch_cuda.so ${XXACT_TORCH_DIR}/lib/libc10_cuda.so ${XXACT_NCCL_LIBRARY} CUDA::cudart)
endif()
