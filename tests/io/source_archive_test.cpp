// Archives of sources: members arrive as records, what could lead out of the archive is refused by name, damage keeps
// what came before. The archives are made by libarchive's writer and by hand-broken copies of them.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/io/archive_outcome.hpp"
#include "tests/io/scratch_files.hpp"

namespace xxact::io {
namespace {

using namespace testing_files;

std::vector<ArchiveMember> good_members() {
  return {{"set/one.cif", rock_salt_cif()}, {"set/README", "not a source"}, {"set/formulas.csv", "formula\nNaCl\nKCl\n"}, {"two.cif", rock_salt_cif()}};
}

TEST(Archive, MembersAreRecordsWhateverTheContainer) {
  const auto folder = fresh_folder("archives");
  const std::vector<std::string> expected = {"one", "formulas-0", "formulas-1", "two"};
  const std::string plain = tar(good_members());
  write_file(folder / "a.tar", plain);
  write_file(folder / "a.tar.gz", gzip(plain));
  write_file(folder / "a.tgz", gzip(plain));
  write_file(folder / "a.tar.bz2", bzip2(plain));
  write_file(folder / "a.tar.zst", zstd(plain));
  write_file(folder / "a.zip", zip(good_members()));
  write_file(folder / "no_suffix_tar", zstd(plain));
  write_file(folder / "no_suffix_zip", zip(good_members()));
  for (const char* name : {"a.tar", "a.tar.gz", "a.tgz", "a.tar.bz2", "a.tar.zst", "a.zip", "no_suffix_tar", "no_suffix_zip"}) {
    const Outcome outcome = read(folder / name);
    EXPECT_EQ(outcome.ids, expected) << name << ": " << outcome.end;
    EXPECT_TRUE(outcome.refusals.empty()) << name;
  }
}

TEST(Archive, RefusesWhatCouldLeadOut) {
  const auto folder = fresh_folder("archive-refusals");
  write_file(folder / "a.tar", tar({{"../up.cif", rock_salt_cif()},
                                    {"/etc/absolute.cif", rock_salt_cif()},
                                    {"link.cif", "/etc/passwd", true},
                                    {"inner.tar", tar(good_members())},
                                    {"packed.cif.gz", gzip(rock_salt_cif())},
                                    {"broken.json", "[{\"a\": 1}, {"},
                                    {"good.cif", rock_salt_cif()}}));
  const Outcome outcome = read(folder / "a.tar");
  EXPECT_EQ(outcome.ids, std::vector<std::string>{"good"});
  const std::vector<std::string> expected = {"../up.cif: leads out", "absolute.cif", "link.cif: is a link", "inner.tar: an archive in an archive", "packed.cif.gz: is compressed",
                                             "neither structure", "broken.json: ends in the middle"};
  ASSERT_EQ(outcome.refusals.size(), expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) EXPECT_NE(outcome.refusals[i].find(expected[i]), std::string::npos) << outcome.refusals[i];
}

TEST(Archive, DamageKeepsWhatCameBefore) {
  const auto folder = fresh_folder("archive-damage");
  const std::string plain = tar(good_members());
  write_file(folder / "a.tar", plain.substr(0, plain.rfind("Na Na1")));
  const Outcome outcome = read(folder / "a.tar");
  EXPECT_EQ(outcome.ids, (std::vector<std::string>{"one", "formulas-0", "formulas-1"}));
  EXPECT_FALSE(outcome.end.empty());
  write_file(folder / "b.tar.gz", "not an archive");
  EXPECT_FALSE(read(folder / "b.tar.gz").end.empty());
  write_file(folder / "c.zip", "");
  EXPECT_FALSE(read(folder / "c.zip").end.empty());
}

void expect_refusals(const Outcome& outcome, const std::vector<std::string>& expected) {
  ASSERT_EQ(outcome.refusals.size(), expected.size()) << outcome.end;
  for (std::size_t i = 0; i < expected.size(); ++i) EXPECT_NE(outcome.refusals[i].find(expected[i]), std::string::npos) << outcome.refusals[i];
}

TEST(Archive, RefusesNamesOfAnySystem) {
  const auto folder = fresh_folder("archive-names");
  const std::vector<ArchiveMember> members = {{"C:/a.cif", rock_salt_cif()},
                                              {"..\\a.cif", rock_salt_cif()},
                                              {"a/../../b.cif", rock_salt_cif()},
                                              {std::string(5000, 'n') + ".cif", rock_salt_cif()},
                                              {"good.cif", rock_salt_cif()}};
  write_file(folder / "a.tar", tar(members));
  const Outcome outcome = read(folder / "a.tar");
  EXPECT_EQ(outcome.ids, std::vector<std::string>{"good"});
  expect_refusals(outcome, {"C:/a.cif: has an absolute name", "has a backslash in its name", "leads out of the archive", "has a name of more than 4096 bytes"});
}

TEST(Archive, RecordsOfAMemberArriveBeforeItsDamage) {
  const auto folder = fresh_folder("archive-stream");
  std::string rows = "formula\n";
  for (int i = 0; i < 100000; ++i) rows += "NaCl\n";
  const std::string plain = tar({{"rows.csv", rows}});
  write_file(folder / "a.tar", plain.substr(0, plain.size() / 2));
  const Outcome outcome = read(folder / "a.tar");
  EXPECT_GT(outcome.ids.size(), 40000U);
  expect_refusals(outcome, {"rows.csv: its data are damaged or end early"});
  EXPECT_NE(outcome.end.find("the archive is damaged or ends early"), std::string::npos) << outcome.end;
}

TEST(Archive, ChecksumsOfZipMembersAreChecked) {
  const auto folder = fresh_folder("archive-checksum");
  // Stored, so that a changed byte is still a good CIF and only the checksum tells.
  std::string bytes = stored_zip({{"a.cif", rock_salt_cif()}, {"b.cif", rock_salt_cif()}});
  const std::size_t cell = bytes.find("_cell_length_a 5.6402");
  ASSERT_NE(cell, std::string::npos);
  bytes[cell + 15] = '6';
  write_file(folder / "a.zip", bytes);
  const Outcome outcome = read(folder / "a.zip");
  EXPECT_EQ(outcome.ids, std::vector<std::string>{"b"});
  expect_refusals(outcome, {"a.cif: its data are damaged"});
}

TEST(Archive, EncryptedAndSparseMembersAreRefused) {
  const auto folder = fresh_folder("archive-encrypted");
  std::string bytes = stored_zip({{"a.cif", rock_salt_cif()}, {"b.cif", rock_salt_cif()}});
  // Bit 0 of the flags of the first member: in its local header and in the central directory.
  bytes[bytes.find("PK\x03\x04") + 6] |= 1;
  bytes[bytes.find("PK\x01\x02") + 8] |= 1;
  write_file(folder / "a.zip", bytes);
  const Outcome encrypted = read(folder / "a.zip");
  EXPECT_EQ(encrypted.ids, std::vector<std::string>{"b"});
  expect_refusals(encrypted, {"a.cif: is encrypted"});
  write_file(folder / "b.tar", tar({{"hole.cif", rock_salt_cif(), false, std::int64_t{1} << 40}, {"good.cif", rock_salt_cif()}}));
  const Outcome sparse = read(folder / "b.tar");
  EXPECT_EQ(sparse.ids, std::vector<std::string>{"good"});
  expect_refusals(sparse, {"hole.cif: is a sparse file"});
}

/// A tar archive without the two blocks of zeros that end it: others can follow.
std::string without_end(const std::string& archive) { return archive.substr(0, archive.size() - 1024); }

TEST(Archive, BombsEndTheArchiveWhetherTheirMembersAreReadOrSkipped) {
  const auto folder = fresh_folder("archive-bomb");
  for (const char* name : {"zeros.csv", "zeros.bin"}) {
    // 64 MiB a member, 1.25 GiB together; zstd makes less than a thousandth of it.
    const std::string packed = zstd(without_end(tar({{name, "formula\n" + std::string(std::size_t{64} << 20, '\n')}})));
    std::string bomb = zstd(without_end(tar({{"good.cif", rock_salt_cif()}})));
    for (int i = 0; i < 20; ++i) bomb += packed;
    write_file(folder / "a.tar.zst", bomb);
    const Outcome outcome = read(folder / "a.tar.zst");
    EXPECT_EQ(outcome.ids, std::vector<std::string>{"good"});
    EXPECT_NE(outcome.end.find("the archive expands more than 1000 times"), std::string::npos) << name << ": " << outcome.end;
  }
}

}  // namespace
}  // namespace xxact::io
