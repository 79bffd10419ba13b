// Kinds of broken sources, one a row: the exact reason that a user is told, the record that it is told of, and the records
// before and behind it that are kept. `broken_sources_test.cpp` follows some of them through ingest.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "io/source.hpp"
#include "src/base/error.hpp"
#include "tests/io/scratch_files.hpp"

namespace xxact::io {
namespace {

using namespace testing_files;

constexpr int kWholeFile = -1;

struct Kind {
  std::string file, bytes;
  int record;  // that is rejected
  std::string reason;
  std::vector<std::string> kept;
};

struct Outcome {
  std::vector<std::string> kept;
  std::vector<std::pair<int, std::string>> rejected;
};

Outcome read(const std::filesystem::path& path) {
  Outcome outcome;
  StructureRecord record;
  int number = kWholeFile;
  try {
    const auto reader = open_records(path, {});
    for (number = 0; reader->next(); ++number) {
      try {
        reader->parse(record);
        check_record(record, {});
        outcome.kept.push_back(record.id);
      } catch (const std::runtime_error& error) {  // ours or a parser library's, as in ingest
        outcome.rejected.emplace_back(number, error.what());
      }
    }
  } catch (const InputError& error) {
    outcome.rejected.emplace_back(number, error.what());
  }
  return outcome;
}

void expect_each(const std::string& name, const std::vector<Kind>& kinds) {
  const auto folder = fresh_folder(name);
  for (const Kind& kind : kinds) {
    write_file(folder / kind.file, kind.bytes);
    const Outcome outcome = read(folder / kind.file);
    EXPECT_EQ(outcome.kept, kind.kept) << kind.file;
    EXPECT_EQ(outcome.rejected.size(), 1U) << kind.file;
    if (outcome.rejected.size() != 1) continue;
    EXPECT_EQ(outcome.rejected[0].first, kind.record) << kind.file;
    EXPECT_EQ(outcome.rejected[0].second, kind.reason) << kind.file;
  }
}

const std::string kHeader = "id,formation_energy_per_atom,formula\n";

/// One bad row between two good ones.
Kind row(const std::string& name, const std::string& bad, const std::string& reason) {
  return {name + ".csv", kHeader + "a,-1,NaCl\n" + bad + "\nb,-2,KCl\n", 1, reason, {"a", "b"}};
}

const std::string kEntry =
    R"({"entry_id": "x", "data": {"e_form": -0.5, "spg": 221}, "structure": {"lattice": {"matrix": [[4, 0, 0], [0, 4, 0], [0, 0, 4]]}, )"
    R"("sites": [{"species": [{"element": "Cs", "occu": 1}], "abc": [0, 0, 0]}, {"species": [{"element": "Cl", "occu": 1}], "abc": [0.5, 0.5, 0.5]}]}})";

/// An entry between two good ones, with one thing of it replaced.
Kind entry(const std::string& name, const std::string& from, const std::string& to, const std::string& reason) {
  const std::string a = with(kEntry, "\"x\"", "\"a\""), b = with(kEntry, "\"x\"", "\"b\"");
  return {name + ".json", "[" + a + ", " + with(kEntry, from, to) + ", " + b + "]", 1, reason, {"a", "b"}};
}

/// A block between two good ones, with one thing of it replaced.
Kind block(const std::string& name, const std::string& from, const std::string& to, const std::string& reason) {
  const std::string a = with(rock_salt_cif(), "data_NaCl", "data_a"), b = with(rock_salt_cif(), "data_NaCl", "data_b");
  return {name + ".cif", a + with(rock_salt_cif(), from, to) + b, 1, reason, {name + ":a", name + ":b"}};
}

TEST(BrokenKinds, Csv) {
  expect_each("kinds-csv", {
      row("ragged_short", "x,1", "2 cells where the header has 3"),
      row("ragged_long", "x,1,NaCl,2", "4 cells where the header has 3"),
      row("nul", std::string("x\0y,1,NaCl", 10), "id holds control characters"),
      row("latin1", "caf\xE9,1,NaCl", "column id is not UTF-8"),
      row("comma_number", "x,\"1,5\",NaCl", "formation_energy_per_atom is no number: \"1,5\""),
      row("huge_number", "x,1e999,NaCl", "formation_energy_per_atom is no number: \"1e999\""),
      row("too_large_for_float", "x,1e39,NaCl", "formation_energy_per_atom is not a finite float32 number: 1e+39"),
      row("infinite", "x,inf,NaCl", "formation_energy_per_atom is not a finite float32 number: inf"),
      row("hexadecimal", "x,0x10,NaCl", "formation_energy_per_atom is no number: \"0x10\""),
      row("long_id", std::string(65, 'i') + ",1,NaCl", "id is longer than 64 bytes: \"iiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiii...\""),
      row("long_field", "x,1," + std::string(100000, 'F'), "formula is longer than 1024 bytes"),
      row("no_formula", "x,1,", "formula is empty"),
      row("no_element", "x,1,Qq2", "formula \"Qq2\": no element is named \"Qq\" at character 1"),
      row("zero_amount", "x,1,Na0", "formula \"Na0\": amount is not above 0 and at most 1,000,000 at character 3"),
      {"quote.csv", kHeader + "a,-1,NaCl\nb,-2,\"KCl\n", 1, "ends inside a quoted cell", {"a"}},
      {"utf16.csv", std::string("\xFF\xFEi\0d\0,\0f\0o\0r\0m\0u\0l\0a\0\n\0", 24), kWholeFile, "is UTF-16, not UTF-8", {}},
      {"columns.csv", "a,b\n1,2\n", kWholeFile, "the header has neither a cif nor a formula column: \"a\"", {}},
      {"long_record.csv", kHeader + "a,-1,NaCl\nb,-2," + std::string(std::size_t{65} << 20, 'x'), 1, "a record is longer than 64 MiB", {"a"}},
  });
}

TEST(BrokenKinds, Json) {
  const std::string a = with(kEntry, "\"x\"", "\"a\"");
  expect_each("kinds-json", {
      entry("no_lattice", "\"matrix\"", "\"matrices\"", "structure has no lattice matrix of three rows"),
      entry("nan_lattice", "[4, 0, 0]", "[NaN, 0, 0]", "a number of the lattice matrix is missing or no finite number"),
      entry("flat", "[0, 4, 0]", "[4, 0, 0]", "cell volume is 0 cubic angstrom"),
      entry("huge_cell", "[4, 0, 0]", "[4e7, 0, 0]", "lattice vector a is longer than 1000 angstrom"),
      entry("text_for_number", "[4, 0, 0]", "[\"4\", 0, 0]", "a number of the lattice matrix is missing or no finite number"),
      entry("number_out_of_range", "[4, 0, 0]", "[1e999, 0, 0]", "not valid JSON: Problem while parsing a number"),
      entry("no_sites", "\"sites\"", "\"places\"", "structure has no sites"),
      entry("no_species", "[{\"element\": \"Cl\", \"occu\": 1}]", "[]", "site 2 has no species"),
      entry("no_element", "\"element\": \"Cl\"", "\"label\": \"Cl\"", "a species of site 2 has no element"),
      entry("unknown_element", "\"Cl\"", "\"Qz\"", "unknown element \"Qz\" at site 2"),
      entry("occupancy_zero", "\"Cl\", \"occu\": 1", "\"Cl\", \"occu\": 0", "occupancy of Cl (atom 2) is 0, not in (0, 1]"),
      entry("occupancy_negative", "\"Cl\", \"occu\": 1", "\"Cl\", \"occu\": -1", "occupancy of Cl (atom 2) is -1, not in (0, 1]"),
      entry("occupancy_large", "\"Cl\", \"occu\": 1", "\"Cl\", \"occu\": 1.5", "occupancy of Cl (atom 2) is 1.5, not in (0, 1]"),
      entry("occupancy_nan", "\"Cl\", \"occu\": 1", "\"Cl\", \"occu\": NaN", "occupancy of Cl at site 2 is missing or no finite number"),
      entry("two_coordinates", "[0.5, 0.5, 0.5]", "[0.5, 0.5]", "site 2 has no fractional coordinates abc"),
      entry("overlap", "[0.5, 0.5, 0.5]", "[0.05, 0, 0]", "Cs (atom 1) and Cl (atom 2) are 0.200 angstrom apart, closer than 0.5"),
      entry("space_group", "221", "999", "spg is no space group number (1-230): 999"),
      entry("label_list", "-0.5", "[1]", "e_form is neither a number nor null"),
      entry("trailing_comma", "[0.5, 0.5, 0.5]", "[0.5, 0.5, 0.5,]", "not valid JSON: The JSON document has an improper structure: missing or superfluous commas, braces, missing keys, etc."),
      entry("wrong_bracket", "[0.5, 0.5, 0.5]", "[0.5, 0.5, 0.5}", "not valid JSON: The JSON document has an improper structure: missing or superfluous commas, braces, missing keys, etc."),
      entry("surrogate", "\"x\"", "\"\\ud800\"", "not valid JSON: Problem while parsing a string"),
      entry("bad_utf8", "\"x\"", "\"\xC3\x28\"", "not UTF-8"),
      entry("control", "\"x\"", "\"a\\u0000b\"", "id holds control characters"),
      entry("long_id", "\"x\"", fmt::format("\"{}\"", std::string(65, 'i')), "id is longer than 64 bytes: \"iiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiii...\""),
      {"no_object.json", "[" + a + ", 17]", 1, "entry is not an object", {"a"}},
      {"deep.json", "[" + a + ", " + std::string(100000, '[') + std::string(100000, ']') + "]", 1, "not valid JSON: The JSON document was too deep (too many nested objects and arrays)", {"a"}},
      {"truncated.json", "[" + a + ", " + a.substr(0, 90), 1, "ends in the middle of an entry", {"a"}},
      {"no_end.json", "[" + a, 1, "JSON ends before its list does", {"a"}},
      {"no_comma.json", "[" + a + " " + a + "]", 1, "not JSON: no comma between entries", {"a"}},
      {"empty_object.json", "{}", 0, "neither structure nor composition", {}},
      {"text.json", "\"x\"", 0, "not JSON: neither a list nor an object", {}},
  });
}

TEST(BrokenKinds, Cif) {
  expect_each("kinds-cif", {
      block("no_cell", "_cell_length_a 5.6402\n", "", "no cell: _cell_length_a is missing"),
      block("zero_cell", "_cell_length_a 5.6402", "_cell_length_a 0", "_cell_length_a is 0"),
      block("angles", "_cell_angle_alpha 90", "_cell_angle_alpha 179", "cell is flat: its planes are 0.0984 angstrom apart"),
      {"loop_count.cif", with(rock_salt_cif(), "Na Na0 0 0 0 1", "Na Na0 0 0 0"), kWholeFile, "not a CIF: the loop of _atom_site_type_symbol has 47 values for 6 tags at line 25", {}},
      block("unknown_coordinate", "Na Na0 0 0 0 1", "Na Na0 ? 0 0 1", "_atom_site_fract_x is no number: \"?\""),
      block("unknown_element", "Cl Cl4", "Qz Qz4", "unknown element \"Qz\""),
      block("occupancy", "Na0 0 0 0 1", "Na0 0 0 0 -0.2", "occupancy of Na (atom 1) is -0.2, not in (0, 1]"),
      block("occupancy_sum", "Cl4 0.5 0.5 0.5 1", "Cl4 0 0 0 0.4", "Na (atom 1) and Cl (atom 5) are 0.0000 angstrom apart and their site has a total occupancy of 1.4"),
      block("overlap", "Cl4 0.5 0.5 0.5", "Cl4 0.02 0 0", "Na (atom 1) and Cl (atom 5) are 0.113 angstrom apart, closer than 0.5"),
      block("group_number", "_symmetry_Int_Tables_number 1", "_symmetry_Int_Tables_number 999", "the space group number is no space group number (1-230): 999"),
      block("generators", "loop_\n_atom_site_type", "loop_\n_symmetry_equiv_pos_as_xyz\n'x,y,z'\n'-y,x,z'\nloop_\n_atom_site_type", "the 2 symmetry operations form no group: operation 2 after operation 2 is not listed"),
      block("operation", "loop_\n_atom_site_type", "loop_\n_symmetry_equiv_pos_as_xyz\n'x,y,z'\n'x,y,banana'\nloop_\n_atom_site_type", "symmetry operation not understood: \"x,y,banana\""),
      {"no_blocks.cif", "hello", kWholeFile, "not a CIF: something before the first data block at line 1", {}},
      {"no_atoms.cif", "data_a\n_cell_length_a 5\n_cell_length_b 5\n_cell_length_c 5\n_cell_angle_alpha 90\n_cell_angle_beta 90\n_cell_angle_gamma 90\n", 0, "no atom sites with fractional coordinates", {}},
      {"open_text.cif", "data_a\n_title\n;\nno end", kWholeFile, "not a CIF: a text field is not closed at line 3", {}},
  });
}

std::string flipped(std::string bytes) {
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 0x10);
  return bytes;
}

TEST(BrokenKinds, Compressed) {
  const std::string text = kHeader + "a,-1,NaCl\nb,-2,KCl\n";
  expect_each("kinds-compressed", {
      {"empty.csv", "", kWholeFile, "file is empty", {}},
      {"empty.csv.gz", gzip(""), kWholeFile, "file is empty once decompressed", {}},
      {"flipped.csv.gz", flipped(gzip(text)), kWholeFile, "gzip data are damaged or end early (gzip error: iostream error)", {}},
      {"flipped.csv.bz2", flipped(bzip2(text)), kWholeFile, "bzip2 data are damaged or end early (bzip2 error: iostream error)", {}},
      {"cut.csv.gz", gzip(text).substr(0, 30), kWholeFile, "gzip data are damaged or end early (gzip error: iostream error)", {}},
      {"cut.csv.bz2", bzip2(text).substr(0, 30), kWholeFile, "bzip2 data are damaged or end early (bzip2 error: iostream error)", {}},
      {"cut.csv.zst", zstd(text).substr(0, 30), kWholeFile, "zstd data end early", {}},
      {"magic.csv.bz2", "BZh9 this is no bzip2", kWholeFile, "bzip2 data are damaged or end early (bzip2 error: iostream error)", {}},
      {"trailing.csv.gz", gzip(text) + "garbage", kWholeFile, "gzip data are damaged or end early (gzip error: iostream error)", {}},
      {"trailing.csv.zst", zstd(text) + "garbage", kWholeFile, "zstd data are damaged or end early (Unknown frame descriptor: iostream error)", {}},
      {"unknown", "\x7F" "ELF", kWholeFile, "unknown format: not CSV with a cif or formula column, ComputedStructureEntry JSON or CIF, plain or gzip, bzip2, zstd, nor a tar or zip of those", {}},
  });
}

}  // namespace
}  // namespace xxact::io
