#include "tests/io/scratch_files.hpp"
#include "tests/scratch.hpp"

#include <archive.h>
#include <archive_entry.h>

#include <boost/iostreams/copy.hpp>
#include <boost/iostreams/filter/bzip2.hpp>
#include <boost/iostreams/filter/gzip.hpp>
#include <boost/iostreams/filter/zstd.hpp>
#include <boost/iostreams/filtering_streambuf.hpp>

#include <fstream>
#include <sstream>

namespace xxact::io::testing_files {

namespace {

template <class Compressor>
std::string compressed(const std::string& text) {
  boost::iostreams::filtering_streambuf<boost::iostreams::input> stream;
  stream.push(Compressor());
  std::istringstream in(text);
  stream.push(in);
  std::ostringstream out;
  boost::iostreams::copy(stream, out);
  return out.str();
}

std::string archived(const std::vector<ArchiveMember>& members, int (*set_format)(archive*), int (*set_packing)(archive*) = nullptr) {
  std::size_t bytes = std::size_t{1} << 20;
  for (const ArchiveMember& member : members) bytes += 2 * member.bytes.size();
  std::vector<char> buffer(bytes);
  std::size_t used = 0;
  archive* handle = archive_write_new();
  set_format(handle);
  if (set_packing != nullptr) set_packing(handle);
  archive_write_set_bytes_in_last_block(handle, 1);
  archive_write_open_memory(handle, buffer.data(), buffer.size(), &used);
  for (const ArchiveMember& member : members) {
    archive_entry* entry = archive_entry_new();
    archive_entry_set_pathname(entry, member.name.c_str());
    archive_entry_set_perm(entry, 0644);
    archive_entry_set_filetype(entry, member.symbolic_link ? AE_IFLNK : AE_IFREG);
    if (member.symbolic_link) archive_entry_set_symlink(entry, member.bytes.c_str());
    else archive_entry_set_size(entry, static_cast<la_int64_t>(member.bytes.size()) + member.hole);
    if (member.hole > 0) archive_entry_sparse_add_entry(entry, 0, static_cast<la_int64_t>(member.bytes.size()));
    archive_write_header(handle, entry);
    if (!member.symbolic_link) archive_write_data(handle, member.bytes.data(), member.bytes.size());
    archive_entry_free(entry);
  }
  archive_write_close(handle);
  archive_write_free(handle);
  return {buffer.data(), used};
}

}  // namespace

std::filesystem::path fresh_folder(const std::string& name) {
  const std::filesystem::path folder = scratch(name);
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  return folder;
}

void write_file(const std::filesystem::path& path, const std::string& bytes) { std::ofstream(path, std::ios::binary) << bytes; }

std::string read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream bytes;
  bytes << file.rdbuf();
  return bytes.str();
}

std::string gzip(const std::string& text) { return compressed<boost::iostreams::gzip_compressor>(text); }
std::string bzip2(const std::string& text) { return compressed<boost::iostreams::bzip2_compressor>(text); }
std::string zstd(const std::string& text) { return compressed<boost::iostreams::zstd_compressor>(text); }

std::string tar(const std::vector<ArchiveMember>& members) { return archived(members, archive_write_set_format_pax_restricted); }
std::string zip(const std::vector<ArchiveMember>& members) { return archived(members, archive_write_set_format_zip); }
std::string stored_zip(const std::vector<ArchiveMember>& members) { return archived(members, archive_write_set_format_zip, archive_write_zip_set_compression_store); }

std::string rock_salt_cif() {
  return "data_NaCl\n_cell_length_a 5.6402\n_cell_length_b 5.6402\n_cell_length_c 5.6402\n"
         "_cell_angle_alpha 90\n_cell_angle_beta 90\n_cell_angle_gamma 90\n"
         "_symmetry_space_group_name_H-M 'P 1'\n_symmetry_Int_Tables_number 1\n"
         "loop_\n_atom_site_type_symbol\n_atom_site_label\n_atom_site_fract_x\n_atom_site_fract_y\n_atom_site_fract_z\n_atom_site_occupancy\n"
         "Na Na0 0 0 0 1\nNa Na1 0.5 0.5 0 1\nNa Na2 0.5 0 0.5 1\nNa Na3 0 0.5 0.5 1\n"
         "Cl Cl4 0.5 0.5 0.5 1\nCl Cl5 0 0 0.5 1\nCl Cl6 0 0.5 0 1\nCl Cl7 0.5 0 0 1\n";
}

std::string with(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  return at == std::string::npos ? "the text to replace is not there" : text.replace(at, from.size(), to);
}

}  // namespace xxact::io::testing_files
