# Finds every library; each line of docs/dependencies.md is one of these.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(MPI 3.1 REQUIRED COMPONENTS C)
# The C++ bindings of MPI are removed from the standard; their headers only slow the build.
target_compile_definitions(MPI::MPI_C INTERFACE OMPI_SKIP_MPICXX MPICH_SKIP_MPICXX)

set(HDF5_PREFER_PARALLEL ON)
find_package(HDF5 1.10 REQUIRED COMPONENTS C)
if(NOT HDF5_IS_PARALLEL)
  message(FATAL_ERROR "HDF5 at ${HDF5_INCLUDE_DIRS} is not parallel; install libhdf5-openmpi-dev or set HDF5_ROOT")
endif()
add_library(xxact_hdf5 INTERFACE)
target_include_directories(xxact_hdf5 SYSTEM INTERFACE ${HDF5_INCLUDE_DIRS})
target_link_libraries(xxact_hdf5 INTERFACE ${HDF5_LIBRARIES} MPI::MPI_C)
add_library(xxact::hdf5 ALIAS xxact_hdf5)

find_package(Boost 1.74 REQUIRED COMPONENTS program_options iostreams)
find_package(fmt 9 REQUIRED)
find_package(spdlog REQUIRED)
find_package(simdjson REQUIRED)
find_package(LibArchive REQUIRED)
find_package(pugixml 1.12 REQUIRED)
find_package(OpenSSL REQUIRED COMPONENTS Crypto)

find_path(GEMMI_INCLUDE_DIR gemmi/cif.hpp REQUIRED)
add_library(xxact_gemmi INTERFACE)
target_include_directories(xxact_gemmi SYSTEM INTERFACE ${GEMMI_INCLUDE_DIR})
add_library(xxact::gemmi ALIAS xxact_gemmi)

pkg_check_modules(SPGLIB REQUIRED IMPORTED_TARGET spglib)
pkg_check_modules(XXHASH REQUIRED IMPORTED_TARGET libxxhash>=0.8)
# The library may choose the vector units of the processor it runs on; its plain functions use SSE2.
include(CheckCXXSourceCompiles)
set(CMAKE_REQUIRED_LIBRARIES PkgConfig::XXHASH)
check_cxx_source_compiles("#include <xxhash.h>
#include <xxh_x86dispatch.h>
int main() { return static_cast<int>(XXH3_64bits(\"\", 0)); }" XXACT_XXHASH_DISPATCH)
unset(CMAKE_REQUIRED_LIBRARIES)
find_path(NLOHMANN_JSON_INCLUDE_DIR nlohmann/json.hpp REQUIRED)
find_path(RANDOM123_INCLUDE_DIR Random123/philox.h REQUIRED)

if(XXACT_TORCH)
  include(XxactTorch)
endif()
if(XXACT_TESTS)
  find_package(GTest 1.12 REQUIRED)
endif()
if(XXACT_BENCH)
  find_package(benchmark 1.7 REQUIRED)
endif()
