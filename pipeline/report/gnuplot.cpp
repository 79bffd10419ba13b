#include "pipeline/report/gnuplot.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>

#include <cerrno>
#include <cmath>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>
#include <system_error>

#include "pipeline/report/text.hpp"
#include "src/base/error.hpp"
#include "src/base/log.hpp"

extern char** environ;

namespace xxact::report {
namespace fs = std::filesystem;
namespace {

/// What the process's files are set to, and no signal held back, whatever this process holds; destroyed with the owner.
class SpawnActions {
 public:
  SpawnActions() {
    posix_spawn_file_actions_init(&actions_);
    posix_spawnattr_init(&attributes_);
    sigset_t none;
    sigemptyset(&none);
    posix_spawnattr_setsigmask(&attributes_, &none);
    posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGMASK);
  }
  ~SpawnActions() {
    posix_spawn_file_actions_destroy(&actions_);
    posix_spawnattr_destroy(&attributes_);
  }
  SpawnActions(const SpawnActions&) = delete;
  SpawnActions& operator=(const SpawnActions&) = delete;
  void open(int descriptor, const char* path, int flags) {
    posix_spawn_file_actions_addopen(&actions_, descriptor, path, flags, 0600);
  }
  void duplicate(int from, int to) { posix_spawn_file_actions_adddup2(&actions_, from, to); }
  const posix_spawn_file_actions_t* files() const { return &actions_; }
  const posix_spawnattr_t* attributes() const { return &attributes_; }

 private:
  posix_spawn_file_actions_t actions_;
  posix_spawnattr_t attributes_;
};

/// Runs `gnuplot -d SCRIPT` with its output in LOG. Its exit status, 127 when there is none to run.
int run_gnuplot(const fs::path& script, const fs::path& log) {
  SpawnActions actions;
  actions.open(0, "/dev/null", O_RDONLY);
  actions.open(1, log.c_str(), O_WRONLY | O_CREAT | O_TRUNC);
  actions.duplicate(1, 2);
  std::string name = "gnuplot", defaults = "-d", file = script.string();  // -d: no start-up file of the user's
  char* const arguments[] = {name.data(), defaults.data(), file.data(), nullptr};
  pid_t child = 0;
  if (posix_spawnp(&child, "gnuplot", actions.files(), actions.attributes(), arguments, environ) != 0) return 127;
  int status = 0;
  while (waitpid(child, &status, 0) < 0)
    if (errno != EINTR) return 127;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void write_text(const fs::path& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary);
  file << text;
  file.close();
  if (!file) throw IoError("cannot write {}: {}", path.string(), std::strerror(errno));
}

/// Beside the target first, so that a reader never sees half a picture.
void move_into_place(const fs::path& from, const fs::path& to) {
  fs::path staged = to;
  staged += ".partial";
  std::error_code error;
  fs::copy_file(from, staged, fs::copy_options::overwrite_existing, error);
  if (!error) fs::rename(staged, to, error);
  if (error) {
    const std::string reason = error.message();
    fs::remove(staged, error);
    throw IoError("cannot write the plot {}: {}", to.string(), reason);
  }
}

std::string terminal_for(const fs::path& output, double width, double height) {
  // Names of fonts in the order of taste: the first that the reader's machine has is used.
  if (output.extension() == ".svg")
    return fmt::format("set terminal svg size {:.0f},{:.0f} dynamic noenhanced background rgb '#fefefe' "
                       "font 'Helvetica Neue, Arial, DejaVu Sans, sans-serif,14' linewidth 1.0", width, height);
  if (output.extension() == ".png")
    return fmt::format("set terminal pngcairo size {:.0f},{:.0f} noenhanced background rgb '#fefefe' "
                       "font 'DejaVu Sans,13' fontscale 1.8 linewidth 2.0", 2 * width, 2 * height);
  throw ConfigError("plot {}: the extension must be .svg or .png", output.string());
}

}  // namespace

std::string in_quotes(std::string_view text) {
  std::string out = "'";
  for (const char c : valid_utf8(text)) {
    if (c == '\'') out += '\'';
    out += c;
  }
  return out + "'";
}

// Ten digits: what a 32-bit colour needs.
std::string number(double value) { return std::isfinite(value) ? fmt::format("{:.10g}", value) : "NaN"; }

Gnuplot::Gnuplot() {
  std::error_code error;
  std::string pattern = (fs::temp_directory_path(error) / "xxact-plot-XXXXXX").string();
  if (error || !mkdtemp(pattern.data()))
    throw IoError("cannot make a scratch folder for a plot at {}: {}", pattern, error ? error.message() : std::strerror(errno));
  folder_ = pattern;
}

Gnuplot::~Gnuplot() {
  std::error_code ignored;  // a scratch folder left behind harms nobody
  fs::remove_all(folder_, ignored);
}

std::string Gnuplot::add_table(std::initializer_list<std::span<const double>> columns) { return add_labels({}, columns); }

std::string Gnuplot::add_labels(std::span<const std::string> texts, std::initializer_list<std::span<const double>> columns) {
  const std::size_t rows = columns.begin()->size();
  std::string table;
  for (std::size_t row = 0; row < rows; ++row) {
    if (!texts.empty()) {
      // A table's strings stand in double quotes, where only quotes and backslashes mean anything.
      table += '"';
      for (const char c : valid_utf8(texts[row])) table += c == '"' || c == '\\' ? ' ' : c;
      table += "\" ";
    }
    for (const auto& column : columns) table += number(column[row]) + ' ';
    table += '\n';
  }
  const fs::path path = folder_ / fmt::format("table{}.txt", tables_++);
  write_text(path, table);
  return in_quotes(path.string());
}

void Gnuplot::say(std::string_view line) { script_.append(line) += '\n'; }

bool Gnuplot::draw(const fs::path& output, double width, double height) {
  const fs::path script = folder_ / "plot.gp", log = folder_ / "log.txt", picture = folder_ / ("picture" + output.extension().string());
  write_text(script, fmt::format("set encoding utf8\n{}\nset output {}\n{}unset output\n", terminal_for(output, width, height),
                                 in_quotes(picture.string()), script_));
  const int status = run_gnuplot(script, log);
  if (status == 127) {
    log::warn("{} is not drawn: gnuplot is not on PATH (Debian: gnuplot-nox)", output.string());
    return false;
  }
  std::error_code error;
  if (status != 0 || fs::file_size(picture, error) == 0 || error) {
    std::ostringstream said;
    said << std::ifstream(log).rdbuf();
    log::warn("{} is not drawn: gnuplot ended with status {}: {}", output.string(), status, valid_utf8(said.str()).substr(0, 500));
    return false;
  }
  move_into_place(picture, output);
  return true;
}

}  // namespace xxact::report
