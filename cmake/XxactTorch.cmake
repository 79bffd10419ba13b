# Torch from the pinned wheel, as our own target: find_package(Torch) on the CUDA wheel wants a CUDA toolkit even for programs
# that only use the CPU. xxact::torch is its headers, libtorch_cpu and libc10; only cmake/XxactLibraries.cmake includes this.
set(XXACT_TORCH_VERSION 2.11.0)
file(GLOB XXACT_TORCH_DIR LIST_DIRECTORIES true
  ${XXACT_TORCH_PREFIX}/lib/python3*/site-packages/torch ${XXACT_TORCH_PREFIX}/torch ${XXACT_TORCH_PREFIX})
list(FILTER XXACT_TORCH_DIR INCLUDE REGEX "/torch/?$")
if(NOT XXACT_TORCH_DIR)
  xxact_is_missing("No torch under XXACT_TORCH_PREFIX, which is '${XXACT_TORCH_PREFIX}': set it to a virtual environment or a folder of unpacked wheels that holds torch ${XXACT_TORCH_VERSION}. For this project ./bootstrap.sh setup makes one, and -DXXACT_TORCH=OFF does without")
endif()
list(GET XXACT_TORCH_DIR 0 XXACT_TORCH_DIR)
file(STRINGS ${XXACT_TORCH_DIR}/version.py xxact_torch_version REGEX "^__version__")
if(NOT xxact_torch_version MATCHES "'${XXACT_TORCH_VERSION}(\\+[a-z0-9]+)?'")
  xxact_is_missing("torch at ${XXACT_TORCH_DIR} says ${xxact_torch_version}; this program is built against ${XXACT_TORCH_VERSION}")
endif()
message(STATUS "Torch: ${XXACT_TORCH_DIR} ${xxact_torch_version}")

add_library(xxact::torch INTERFACE IMPORTED)
# After the system's folders: the wheel carries headers of another fmt, which would not fit the libfmt that is linked.
target_compile_options(xxact::torch INTERFACE
  "SHELL:-idirafter ${XXACT_TORCH_DIR}/include" "SHELL:-idirafter ${XXACT_TORCH_DIR}/include/torch/csrc/api/include")
target_link_libraries(xxact::torch INTERFACE ${XXACT_TORCH_DIR}/lib/libtorch_cpu.so ${XXACT_TORCH_DIR}/lib/libc10.so Threads::Threads)
# The wheel's libraries look for the CUDA runtime and CUPTI beside themselves, in the nvidia wheels.
get_filename_component(XXACT_WHEELS_DIR ${XXACT_TORCH_DIR} DIRECTORY)
file(GLOB xxact_nvidia_folders ${XXACT_WHEELS_DIR}/nvidia/*/lib)
foreach(xxact_nvidia_folder IN LISTS xxact_nvidia_folders)
  target_link_options(xxact::torch INTERFACE -Wl,-rpath-link,${xxact_nvidia_folder})
endforeach()
