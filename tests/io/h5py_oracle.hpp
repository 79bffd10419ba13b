// Runs read_with_h5py.py, the independent reader of our files, and returns what it prints.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>

namespace xxact::io {

/// Whether there is a Python with h5py; tests skip visibly without.
inline bool have_h5py() {
  return std::system("'" XXACT_H5PY_PYTHON "' -c 'import h5py, numpy' > /dev/null 2>&1") == 0;  // NOLINT: fixed text
}

/// Standard output of `read_with_h5py.py COMMAND FILE`, without its last line end; "failed" when it ended with an error.
inline std::string ask_h5py(const std::string& command, const std::filesystem::path& file) {
  const std::string line = "'" XXACT_H5PY_PYTHON "' '" XXACT_H5PY_READER "' " + command + " '" + file.string() + "'";
  FILE* pipe = ::popen(line.c_str(), "r");
  if (!pipe) return "failed";
  std::string text;
  char buffer[4096];
  while (const std::size_t got = std::fread(buffer, 1, sizeof buffer, pipe)) text.append(buffer, got);
  if (::pclose(pipe) != 0) return "failed";
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

}  // namespace xxact::io
