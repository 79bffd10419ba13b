# The libraries of the build, of its tests and of its benchmarks.
set(xxact_needs Threads::Threads MPI::MPI_C xxact::hdf5 Boost::program_options Boost::iostreams fmt::fmt spdlog::spdlog simdjson::simdjson
  LibArchive::LibArchive pugixml::pugixml OpenSSL::Crypto PkgConfig::SPGLIB PkgConfig::XXHASH PkgConfig::NLOPT
  xxact::gemmi xxact::nlohmann_json xxact::random123)
if(XXACT_TORCH)
  list(APPEND xxact_needs xxact::torch)
endif()
include(XxactLibraries)

# The library may choose the vector units of the processor it runs on; its plain functions use SSE2.
include(CheckCXXSourceCompiles)
set(CMAKE_REQUIRED_LIBRARIES PkgConfig::XXHASH)
check_cxx_source_compiles("#include <xxhash.h>
#include <xxh_x86dispatch.h>
int main() { return static_cast<int>(XXH3_64bits(\"\", 0)); }" XXACT_XXHASH_DISPATCH)
unset(CMAKE_REQUIRED_LIBRARIES)

if(XXACT_TORCH)
  include(XxactTorchBuild)
endif()
if(XXACT_TESTS)
  find_package(GTest 1.12 REQUIRED)
endif()
if(XXACT_BENCH)
  find_package(benchmark 1.7 REQUIRED)
endif()
