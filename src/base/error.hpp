// Typed errors. Library code throws these and nothing else of its own; `main` catches once.
// A message is a sentence that names what was being done, the file, the dataset or record, and the reason.
#pragma once

#include <fmt/format.h>

#include <stdexcept>
#include <string>

namespace xxact {

/// Exit codes of the program (sysexits.h names in brackets).
enum class ExitCode : int {
  done = 0,
  failure = 1,
  usage = 64,    // EX_USAGE: bad command line or configuration
  input = 65,    // EX_DATAERR: input unusable
  stopped = 75,  // EX_TEMPFAIL: stopped on request with a checkpoint; run me again
};

class Error : public std::runtime_error {
 public:
  Error(ExitCode code, const std::string& message) : std::runtime_error(message), code_(code) {}
  ExitCode code() const noexcept { return code_; }

 private:
  ExitCode code_;
};

/// Bad option, value, configuration file or combination of them. Thrown alike on every rank.
class ConfigError : public Error {
 public:
  template <class... Args>
  explicit ConfigError(fmt::format_string<Args...> format, Args&&... args)
      : Error(ExitCode::usage, fmt::format(format, std::forward<Args>(args)...)) {}
};

/// An input that cannot be used at all: not the format it claims, all records rejected, corrupt.
class InputError : public Error {
 public:
  template <class... Args>
  explicit InputError(fmt::format_string<Args...> format, Args&&... args)
      : Error(ExitCode::input, fmt::format(format, std::forward<Args>(args)...)) {}
};

/// The file system or the HDF5 library failed: cannot open, disk full, permission denied.
class IoError : public Error {
 public:
  template <class... Args>
  explicit IoError(fmt::format_string<Args...> format, Args&&... args)
      : Error(ExitCode::failure, fmt::format(format, std::forward<Args>(args)...)) {}
};

/// MPI or NCCL failed, or ranks disagree where they must not.
class CommError : public Error {
 public:
  template <class... Args>
  explicit CommError(fmt::format_string<Args...> format, Args&&... args)
      : Error(ExitCode::failure, fmt::format(format, std::forward<Args>(args)...)) {}
};

/// A number that must be finite is not: loss, gradient, weight.
class NumericError : public Error {
 public:
  template <class... Args>
  explicit NumericError(fmt::format_string<Args...> format, Args&&... args)
      : Error(ExitCode::failure, fmt::format(format, std::forward<Args>(args)...)) {}
};

}  // namespace xxact
