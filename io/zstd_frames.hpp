// Walks the frames of a zstd file (RFC 8878, section 3.1) without decompressing it, to tell a complete file from one
// that was cut short: decompressors that read from a stream take the end of the file for the end of the data.
#pragma once

#include <filesystem>

namespace xxact::io {

/// Whether the last frame of the file is whole. Throws IoError when the file cannot be read.
bool zstd_frames_complete(const std::filesystem::path& path);

}  // namespace xxact::io
