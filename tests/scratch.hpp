// Where a test writes.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>

namespace xxact {

/// The file of this name in the test's own scratch folder; the working folder outside ctest.
inline std::filesystem::path scratch(const std::string& name = "") {
  const char* folder = std::getenv("XXACT_TEST_SCRATCH");
  return std::filesystem::path(folder != nullptr ? folder : ".") / name;
}

}  // namespace xxact
