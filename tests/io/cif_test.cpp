// CIF texts to structures: syntax, symmetry, species, occupancies. Oracles: multiplicities of International Tables A,
// cell volumes in closed form, spglib's group of the expanded cell.
#include <gtest/gtest.h>

#include <gemmi/symmetry.hpp>

#include <cmath>
#include <map>
#include <string>

#include "io/cif_document.hpp"
#include "io/cif_structure.hpp"
#include "io/close_pairs.hpp"
#include "io/record_checks.hpp"
#include "io/space_group.hpp"
#include "io/symmetry_operations.hpp"
#include "src/base/error.hpp"

namespace xxact::io {
namespace {

StructureRecord read(const std::string& text) {
  StructureRecord record;
  record.id = "test";
  const auto blocks = parse_cif(text);
  read_cif_block(blocks.at(0), record, {});
  check_record(record, {});
  return record;
}

std::string reason(const std::string& text) {
  try {
    read(text);
  } catch (const InputError& error) {
    return error.what();
  }
  return "accepted";
}

std::map<int, int> counts(const StructureRecord& record) {
  std::map<int, int> result;
  for (const auto z : record.atomic_number) ++result[z];
  return result;
}

std::string cell(double a, double b, double c, double alpha, double beta, double gamma) {
  return fmt::format("data_x\n_cell_length_a {}\n_cell_length_b {}\n_cell_length_c {}\n_cell_angle_alpha {}\n_cell_angle_beta {}\n_cell_angle_gamma {}\n", a, b, c, alpha, beta, gamma);
}
const std::string kSites = "loop_\n_atom_site_label\n_atom_site_type_symbol\n_atom_site_fract_x\n_atom_site_fract_y\n_atom_site_fract_z\n_atom_site_occupancy\n";
using Counts = std::map<int, int>;

TEST(CifDocument, ReadsQuotesTextFieldsAndLoops) {
  const std::string text =
      "#\\#CIF_1.1\r\ndata_A\r\n_Name 'it''s O5''x # no comment'\r\n_text\r\n;line one\r\ntwo;\r\n;\r\n_unknown ?\n_quoted '?'\nloop_ _a.x _a.y 1 'two words' 3 . # comment\n_last \"x\"";
  const auto blocks = parse_cif(text);
  ASSERT_EQ(blocks.size(), 1U);
  const CifBlock& block = blocks[0];
  EXPECT_EQ(block.name, "A");
  EXPECT_EQ(block.find("_NAME")[0].text, "it''s O5''x # no comment");
  EXPECT_EQ(block.find("_text").size(), 1U);
  EXPECT_FALSE(block.find("_unknown")[0].known());
  EXPECT_TRUE(block.find("_quoted")[0].known());
  ASSERT_EQ(block.find("_a.y").size(), 2U);
  EXPECT_EQ(block.find("_a.y")[0].text, "two words");
  EXPECT_EQ(block.find("_a.x")[1].text, "3");
  EXPECT_FALSE(block.find("_a.y")[1].known());
  EXPECT_EQ(block.find("_last")[0].text, "x");
  EXPECT_EQ(block.find("_absent").size(), 0U);
}

TEST(CifDocument, ALoopWithoutRowsHasNoValues) {
  const auto blocks = parse_cif("data_a\nloop_\n_x\n_y\n");
  ASSERT_EQ(blocks.size(), 1U);
  EXPECT_EQ(blocks[0].find("_y").size(), 0U);
}

TEST(CifDocument, NamesTheLineOfAnError) {
  const auto error = [](const std::string& text) {
    try {
      parse_cif(text);
    } catch (const InputError& e) {
      return std::string(e.what());
    }
    return std::string("accepted");
  };
  EXPECT_NE(error("data_a\n_x 'open\n").find("quote is not closed at line 2"), std::string::npos);
  EXPECT_NE(error("data_a\n_x\n;text\n").find("text field is not closed"), std::string::npos);
  EXPECT_NE(error("data_a\nloop_\n_x\n_y\n1 2 3\n").find("3 values for 2 tags"), std::string::npos);
  EXPECT_NE(error("_x 1\n").find("before the first data block"), std::string::npos);
  EXPECT_NE(error("data_a\nloop_\n1 2\n").find("without tags"), std::string::npos);
  EXPECT_EQ(error(""), "accepted");
}

TEST(CifStructure, ExpandsRockSaltFromItsNameAlone) {
  const auto record = read(cell(5.6402, 5.6402, 5.6402, 90, 90, 90) + "_symmetry_space_group_name_H-M 'F m -3 m'\n" + kSites + "Na1 Na+ 0 0 0 1\nCl1 Cl1- 0.5 0.5 0.5 1\n");
  EXPECT_EQ(counts(record), (Counts{{11, 4}, {17, 4}}));
  EXPECT_EQ(record.space_group, 225);
  EXPECT_EQ(find_symmetry(record, 0.01).space_group, 225);
}

TEST(CifStructure, MergesSpecialPositionsOfQuartzWithShortDecimals) {
  // P 3_2 2 1: silicon on 3a (x, 0, 2/3), oxygen on 6c. 0.667 for 2/3 puts the two-fold axis 2e-3 A off the atom.
  const auto record = read(cell(4.9137, 4.9137, 5.4047, 90, 90, 120) + "_space_group_IT_number 154\n_space_group_name_H-M_alt 'P 32 2 1'\n" + kSites +
                           "Si1 Si4+ 0.4697 0 0.667 1\nO1 O2- 0.4135 0.2669 0.7858 1\n");
  EXPECT_EQ(counts(record), (Counts{{8, 6}, {14, 3}}));
  EXPECT_EQ(record.space_group, 154);
  EXPECT_EQ(find_symmetry(record, 0.01).space_group, 154);
  EXPECT_NEAR(plane_spacings(record.lattice).volume, 4.9137 * 4.9137 * 5.4047 * std::sqrt(3) / 2, 1e-9);
}

TEST(CifStructure, ListedOperationsGoBeforeNames) {
  const std::string operations = "loop_\n_symmetry_equiv_pos_as_xyz\n'x, y, z'\n'-x,-y,-z'\n'x+1/2, y+0.5, z'\n'-x+1/2,1/2-y,-z'\n";
  const auto record = read(cell(6, 7, 8, 90, 100, 90) + "_symmetry_space_group_name_H-M 'no such group'\n" + operations + kSites + "Fe1 Fe 0.1 0.2 0.3 1\nO1 O 0 0 0 1\n");
  EXPECT_EQ(counts(record), (Counts{{26, 4}, {8, 2}}));
  EXPECT_EQ(record.space_group, 0);
}

TEST(CifStructure, RhombohedralSettingFollowsTheCell) {
  const std::string group = "_symmetry_space_group_name_H-M 'R -3 m'\n";
  EXPECT_EQ(read(cell(4.546, 4.546, 11.86, 90, 90, 120) + group + kSites + "Bi1 Bi 0 0 0.2339 1\n").atoms(), 6U);
  EXPECT_EQ(read(cell(4.746, 4.746, 4.746, 57.23, 57.23, 57.23) + group + kSites + "Bi1 Bi 0.2339 0.2339 0.2339 1\n").atoms(), 2U);
}

TEST(CifStructure, NumberAloneGivesTheStandardSetting) {
  const auto record = read(cell(3.567, 3.567, 3.567, 90, 90, 90) + "_symmetry_Int_Tables_number 227\n" + kSites + "C1 C 0.125 0.125 0.125 1\n");
  EXPECT_EQ(counts(record), (Counts{{6, 8}}));
  EXPECT_EQ(find_symmetry(record, 0.01).space_group, 227);
}

TEST(CifStructure, NamesWithUnderscoresAndSettingsAreUnderstood) {
  EXPECT_EQ(read(cell(3.21, 3.21, 5.21, 90, 90, 120) + "_symmetry_space_group_name_H-M P6_3/mmc\n" + kSites + "Mg1 Mg 0.3333 0.6667 0.25 1\n").atoms(), 2U);
  const auto spinel = read(cell(8.08, 8.08, 8.08, 90, 90, 90) + "_symmetry_space_group_name_H-M 'F d -3 m Z'\n" + kSites + "Mg1 Mg 0.125 0.125 0.125 1\nAl1 Al 0.5 0.5 0.5 1\nO1 O 0.2624 0.2624 0.2624 1\n");
  EXPECT_EQ(counts(spinel), (Counts{{12, 8}, {13, 16}, {8, 32}}));
}

TEST(CifStructure, P1IsNotAGivenSpaceGroup) {
  const auto record = read(cell(5, 5, 5, 90, 90, 90) + "_symmetry_space_group_name_H-M 'P 1'\n_symmetry_Int_Tables_number 1\n" + kSites + "Cs1 Cs 0 0 0 1\nCl1 Cl 0.5 0.5 0.5 1\n");
  EXPECT_EQ(record.space_group, 0);
  EXPECT_EQ(record.atoms(), 2U);
}

TEST(CifStructure, ReadsUncertaintiesChargesDeuteriumAndDefaults) {
  const auto record = read("data_x\n_cell_length_a 4.123(5)\n_cell_length_b 4.2\n_cell_length_c +4.3\n_cell_angle_alpha 90.\n_cell_angle_beta ?\n_cell_angle_gamma 90\n" + kSites +
                           "Fe1 Fe3+ 0.1(2) 0 0 ?\nD1 D 0.6 0.5 0.50(1) .\nFe2 ? -0.4 .5 0 1.\nH1 h 0.1 0.5 0.5 1\n");
  EXPECT_EQ(counts(record), (Counts{{1, 2}, {26, 2}}));
  EXPECT_DOUBLE_EQ(record.lattice[0], 4.123);
  EXPECT_DOUBLE_EQ(record.frac_coords[0], 0.1);
  EXPECT_EQ(record.occupancy, std::vector<double>(4, 1.0));
}

TEST(CifStructure, LabelsStandInForMissingSymbols) {
  const std::string sites = "loop_\n_atom_site_label\n_atom_site_fract_x\n_atom_site_fract_y\n_atom_site_fract_z\n";
  const auto record = read(cell(5, 5, 5, 90, 90, 90) + sites + "Cu1A 0 0 0\nCL1 .5 .5 .5\nHO1 .5 0 0\nO2 0 .5 0\n");
  EXPECT_EQ(record.atomic_number, (std::vector<std::uint8_t>{29, 6, 1, 8})) << "CL1 begins with C, HO1 with H";
}

TEST(CifStructure, MixedSitesKeepOneRowASpecies) {
  // Disordered Cu3Au: 4 sites, each Cu 0.75, Au 0.25.
  const auto record = read(cell(3.75, 3.75, 3.75, 90, 90, 90) + "_symmetry_space_group_name_H-M 'F m -3 m'\n" + kSites + "Cu1 Cu 0 0 0 0.75\nAu1 Au 0 0 0 0.25\n");
  EXPECT_EQ(counts(record), (Counts{{29, 4}, {79, 4}}));
  ASSERT_EQ(record.formula.size(), 2U);
  EXPECT_DOUBLE_EQ(record.formula[0].amount, 3.0);
  EXPECT_DOUBLE_EQ(record.formula[1].amount, 1.0);
  for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(record.site[i], record.site[i + 4]);
  EXPECT_EQ(find_symmetry(record, 0.01).space_group, 225);
}

TEST(CifStructure, SaysWhatIsMissing) {
  const std::string good = cell(5, 5, 5, 90, 90, 90) + kSites + "Na1 Na 0 0 0 1\n";
  EXPECT_EQ(reason(good), "accepted");
  EXPECT_NE(reason("data_x\n" + kSites + "Na1 Na 0 0 0 1\n").find("no cell: _cell_length_a is missing"), std::string::npos);
  EXPECT_NE(reason(cell(5, 5, 5, 90, 90, 90)).find("no atom sites"), std::string::npos);
  EXPECT_NE(reason(cell(5, 5, 5, 170, 170, 170) + kSites + "Na1 Na 0 0 0 1\n").find("make no cell"), std::string::npos);
  EXPECT_NE(reason(cell(5, 5, 5, 90, 90, 90) + kSites + "Na1 Na ? 0 0 1\n").find("_atom_site_fract_x is no number"), std::string::npos);
  EXPECT_NE(reason(cell(5, 5, 5, 90, 90, 90) + kSites + "Qq1 Qq 0 0 0 1\n").find("unknown element \"Qq\""), std::string::npos);
  EXPECT_NE(reason(cell(5, 5, 5, 90, 90, 90) + "_symmetry_space_group_name_H-M 'P 9 9 9'\n" + kSites + "Na1 Na 0 0 0 1\n").find("is unknown"), std::string::npos);
  EXPECT_NE(reason(cell(5, 5, 5, 90, 90, 90) + "_symmetry_equiv_pos_as_xyz 'x, y'\n" + kSites + "Na1 Na 0 0 0 1\n").find("not understood"), std::string::npos);
}

TEST(SymmetryOperation, ReadsEverySpelling) {
  const double at[3] = {0.1, 0.2, 0.3};
  const auto image = [&](const char* text) { return parse_operation(text)(at); };
  const auto near = [](const std::array<double, 3>& a, double x, double y, double z) {
    return std::abs(a[0] - x) < 1e-12 && std::abs(a[1] - y) < 1e-12 && std::abs(a[2] - z) < 1e-12;
  };
  EXPECT_TRUE(near(image("x,y,z"), 0.1, 0.2, 0.3));
  EXPECT_TRUE(near(image("-X+Y, Y ,1/2+Z"), 0.1, 0.2, 0.8));
  EXPECT_TRUE(near(image("y+0.25,-x+.75,z-1/3"), 0.45, 0.65, 0.3 - 1.0 / 3));
  EXPECT_THROW(parse_operation("x,y"), InputError);
  EXPECT_THROW(parse_operation("x,y,z,x"), InputError);
  EXPECT_THROW(parse_operation("x,y,w"), InputError);
  EXPECT_THROW(parse_operation("x,y,z+1/0"), InputError);
  EXPECT_THROW(parse_operation("x,x,z"), InputError) << "no inverse";
  EXPECT_THROW(parse_operation("2x,y,z"), InputError) << "doubles the volume";
  EXPECT_THROW(parse_operation("x,y,"), InputError);
}

TEST(SymmetryOperations, AllSpaceGroupsAreGroupsAndNoLongerSoWithoutAnOperation) {
  for (const auto& group : gemmi::spacegroup_tables::main) {
    std::vector<SymmetryOperation> operations;
    for (const gemmi::Op& op : group.operations()) {
      auto& operation = operations.emplace_back();
      for (std::size_t i = 0; i < 3; ++i) {
        for (std::size_t j = 0; j < 3; ++j) operation.rotation[3 * i + j] = static_cast<double>(op.rot[i][j]) / gemmi::Op::DEN;
        // As files of few digits give them: 0.33, 0.17.
        operation.translation[i] = std::round(100.0 * op.tran[i] / gemmi::Op::DEN) / 100;
      }
    }
    EXPECT_NO_THROW(require_group(operations)) << group.xhm();
    if (operations.size() < 3) continue;
    operations.erase(operations.begin() + static_cast<std::ptrdiff_t>(operations.size() / 2));
    EXPECT_THROW(require_group(operations), InputError) << group.xhm();
  }
}

}  // namespace
}  // namespace xxact::io
