// The report: one self-contained HTML page from run, evaluation and screening folders. Written in two passes, because
// HDF5 needs MPI and drawing forbids it: begin_report reads everything and writes the page without figures, so that
// a mistake in the inputs is an error and the page exists whatever happens; finish_report draws and writes it again.
//   runtime.after_finalize(report::finish_report, report::begin_report(request));
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace xxact::report {

struct ReportRequest {
  std::vector<std::filesystem::path> folders;
  std::filesystem::path output;  // .html
  std::string title;             // empty: one is made from what is found
  std::string program_version, command_line;
};

/// One rank, before MPI_Finalize. What it returns is for finish_report. Throws InputError for folders that hold nothing
/// to report or hold something broken, IoError when the page cannot be written.
std::vector<std::string> begin_report(const ReportRequest& request);

/// After MPI_Finalize. Without gnuplot it warns and leaves the page with its tables.
void finish_report(const std::vector<std::string>& begun);

}  // namespace xxact::report
