# What only the build of this project needs of Torch: one precompiled header, and the CUDA side of the wheel.

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

# xxact::torch_cuda is xxact::torch and libtorch_cuda, the CUDA runtime, NCCL.
if(XXACT_CUDA)
  find_package(CUDAToolkit REQUIRED)
  file(GLOB XXACT_NCCL_LIBRARY ${XXACT_WHEELS_DIR}/nvidia/nccl/lib/libnccl.so.2)
  if(NOT XXACT_NCCL_LIBRARY)
    message(FATAL_ERROR "XXACT_CUDA needs the wheel's own NCCL at ${XXACT_WHEELS_DIR}/nvidia/nccl; run ./bootstrap.sh setup --cuda")
  endif()
  add_library(xxact::torch_cuda INTERFACE IMPORTED)
  target_include_directories(xxact::torch_cuda INTERFACE ${XXACT_WHEELS_DIR}/nvidia/nccl/include)
  target_link_libraries(xxact::torch_cuda INTERFACE xxact::torch
    ${XXACT_TORCH_DIR}/lib/libtorch_cuda.so ${XXACT_TORCH_DIR}/lib/libc10_cuda.so ${XXACT_NCCL_LIBRARY} CUDA::cudart)
endif()
