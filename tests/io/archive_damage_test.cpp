// Archives whose headers contradict their bytes: entries that overlap, sizes beyond any file, ends that are missing. Nothing
// is believed that the bytes do not bear out, and the members before the damage are kept.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "tests/io/archive_outcome.hpp"
#include "tests/io/scratch_files.hpp"

namespace xxact::io {
namespace {

using namespace testing_files;

/// The number's lowest bytes, little-endian.
std::string bytes_of(std::uint64_t number, int bytes) {
  std::string out;
  for (int i = 0; i < bytes; ++i) out += static_cast<char>(number >> (8 * i));
  return out;
}

/// A zip archive of one stored member that claims `size` bytes in zip64 fields and has those of `data`.
std::string zip64(const std::string& name, const std::string& data, std::uint64_t size) {
  const std::string extra = bytes_of(1, 2) + bytes_of(16, 2) + bytes_of(size, 8) + bytes_of(size, 8);
  const std::string common = bytes_of(45, 2) + bytes_of(0, 2) + bytes_of(0, 2) + bytes_of(0, 4) + bytes_of(0, 4) + bytes_of(0xFFFFFFFF, 4) + bytes_of(0xFFFFFFFF, 4) +
                             bytes_of(name.size(), 2) + bytes_of(extra.size(), 2);  // version, flags, method, time and date, CRC, sizes, lengths
  const std::string local = "PK\x03\x04" + common + name + extra + data;
  const std::string central = "PK\x01\x02" + bytes_of(45, 2) + common + bytes_of(0, 2) + bytes_of(0, 2) + bytes_of(0, 2) + bytes_of(0, 4) + bytes_of(0, 4) + name + extra;
  return local + central + "PK\x05\x06" + bytes_of(0, 4) + bytes_of(1, 2) + bytes_of(1, 2) + bytes_of(central.size(), 4) + bytes_of(local.size(), 4) + bytes_of(0, 2);
}

TEST(DamagedArchive, ZipEntriesThatOverlapEndInBoundedWork) {
  const auto folder = fresh_folder("archive-overlap");
  std::string bytes = stored_zip({{"a.cif", rock_salt_cif()}, {"b.cif", rock_salt_cif()}});
  const std::size_t first = bytes.find("PK\x01\x02"), second = bytes.find("PK\x01\x02", first + 4);
  ASSERT_NE(second, std::string::npos);
  bytes.replace(second + 42, 4, bytes_of(0, 4));  // where the second entry begins: at the first one
  write_file(folder / "a.zip", bytes);
  const Outcome outcome = read(folder / "a.zip");
  EXPECT_LE(outcome.ids.size() + outcome.refusals.size(), 2U) << outcome.end;
  EXPECT_EQ(std::count(outcome.ids.begin(), outcome.ids.end(), "a"), 1) << "the member is read once under its name";
}

TEST(DamagedArchive, SizesBeyondTheFileAreNotBelieved) {
  const auto folder = fresh_folder("archive-zip64");
  for (const std::uint64_t size : {std::uint64_t{1} << 40, std::uint64_t{1} << 62, ~std::uint64_t{0}}) {
    write_file(folder / "a.zip", zip64("a.cif", rock_salt_cif(), size));
    const Outcome outcome = read(folder / "a.zip");
    EXPECT_TRUE(outcome.ids.empty()) << size;
    EXPECT_TRUE(!outcome.refusals.empty() || !outcome.end.empty()) << size << " bytes were accepted";
  }
  write_file(folder / "good.zip", zip64("a.csv", "formula\nNaCl\n", 13));
  EXPECT_FALSE(read(folder / "good.zip").refusals.empty()) << "the CRC in the header is 0";
}

TEST(DamagedArchive, CutArchivesKeepTheMembersBefore) {
  const auto folder = fresh_folder("archive-cut");
  std::mt19937_64 random(7);
  std::vector<ArchiveMember> members;
  std::vector<std::string> names;
  for (int i = 0; i < 40; ++i) {
    names.push_back(fmt::format("m{}", i));
    std::string cif = rock_salt_cif();
    while (cif.size() < 20000) cif += fmt::format("# {:016x}\n", random());  // does not compress away
    members.push_back({names.back() + ".cif", cif});
  }
  // libarchive's zstd filter gives 128 KiB at once and none of them when the data end inside: seven members, and the cut one.
  constexpr std::size_t kLostMembers = 9;
  const std::string whole = stored_zip(members);
  std::string packed;  // a frame a member, so that a cut loses the frames behind it only
  for (const ArchiveMember& member : members) {
    const std::string one = tar({member});
    packed += zstd(one.substr(0, one.size() - 1024));  // without the two blocks of zeros that end a tar
  }
  for (const auto& [name, bytes] : {std::pair{"a.zip", whole}, std::pair{"a.tar.zst", packed}})
    for (const std::size_t parts : {2, 3, 10}) {
      write_file(folder / name, bytes.substr(0, bytes.size() * (parts - 1) / parts));
      const Outcome outcome = read(folder / name);
      const std::string what = fmt::format("{} cut to {}/{}: {} members, {}", name, parts - 1, parts, outcome.ids.size(), outcome.end);
      ASSERT_LE(outcome.ids.size(), names.size());
      EXPECT_EQ(outcome.ids, std::vector<std::string>(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(outcome.ids.size()))) << what;
      EXPECT_GE(outcome.ids.size(), names.size() * (parts - 1) / parts - kLostMembers) << what;
      // All members are there where only the directory at the end of a zip is cut.
      EXPECT_TRUE(!outcome.end.empty() || !outcome.refusals.empty() || outcome.ids.size() == names.size()) << what;
    }
}

}  // namespace
}  // namespace xxact::io
