// Archives of sources: members arrive as records, what could lead out of the archive is refused by name, damage keeps
// what came before. The archives are made by libarchive's writer and by hand-broken copies of them.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "io/source.hpp"
#include "src/base/error.hpp"
#include "tests/io/scratch_files.hpp"

namespace xxact::io {
namespace {

using namespace testing_files;

struct Outcome {
  std::vector<std::string> ids, refusals;
  std::string end;  // why the archive ended early, if it did
};

Outcome read(const std::filesystem::path& path) {
  Outcome outcome;
  StructureRecord record;
  try {
    const auto reader = open_records(path, {});
    while (reader->next()) {
      try {
        reader->parse(record);
        check_record(record, {});
        outcome.ids.push_back(record.id);
      } catch (const InputError& error) {
        outcome.refusals.push_back(error.what());
      }
    }
  } catch (const InputError& error) {
    outcome.end = error.what();
  }
  return outcome;
}

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

}  // namespace
}  // namespace xxact::io
