// Made-up structures from real ones: the elements of a parent exchanged for similar ones, its volume scaled to their radii, its
// lattice strained. They load the program at any scale and teach nothing about materials. Not here: files (campaign.hpp).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "io/dataset.hpp"
#include "io/formula.hpp"
#include "io/split.hpp"
#include "io/structure_record.hpp"
#include "pipeline/synthesis/element_exchange.hpp"

namespace xxact {
class CounterRandom;
}

namespace xxact::synthesis {

struct SynthesisOptions {
  std::uint64_t seed = 0;
  double strain = 0.01;       // largest component of the strain, 0 to 0.1
  bool all_elements = false;  // otherwise only those of the parents' training rows
};

/// One made-up structure. Reused from one to the next; coordinates and occupancies are those of the parent.
struct SynthesizedStructure {
  std::int64_t parent = 0;                   // row of the parents
  std::array<double, 9> lattice{};           // [3, 3], rows are vectors, angstrom
  std::vector<std::uint8_t> atomic_number;   // [atoms]
  std::vector<io::ElementAmount> formula;    // atoms in the cell, by ascending atomic number
};

class Synthesizer {
 public:
  /// Keeps a reference to `parents`. ConfigError for a strain out of range, InputError when no row is a structure of the training split
  /// whose elements all have form factors.
  Synthesizer(const io::Dataset& parents, const SynthesisOptions& options);

  /// Structure number `index`, from 0: a pure function of the parents, the options and `index`. Its space group and Laue code are those of
  /// the parent, and its formula is one that the parents' split counts as training. InputError when no attempt gives a valid one.
  /// May be called from several threads, each with its own `out`.
  void make(std::int64_t index, SynthesizedStructure& out) const;

  /// Looks at `made` and at the parents.
  StructureView view(const SynthesizedStructure& made) const;

  const io::Dataset& parents() const { return parents_; }
  const SynthesisOptions& options() const { return options_; }
  /// Rows that structures are made from.
  std::size_t parent_count() const { return parent_.size(); }

 private:
  struct Parent {
    std::int64_t row;
    std::size_t first_mode;  // of modes_
    std::uint8_t modes;
    bool roomy;  // no atoms so close that the check of the contract could fail
  };
  void add_parent(std::int64_t row);
  void remember_held_out();
  bool held_out(const std::vector<io::ElementAmount>& formula) const;
  bool attempt(const Parent& parent, CounterRandom& random, SynthesizedStructure& out) const;
  bool exchange_elements(const StructureView& structure, CounterRandom& random, SynthesizedStructure& out, double& stretch) const;
  bool keeps_contract(const SynthesizedStructure& made) const;

  const io::Dataset& parents_;
  SynthesisOptions options_;
  std::vector<Parent> parent_;
  std::vector<std::array<double, 9>> modes_;  // change of a parent's lattice by a unit strain that its crystal system allows
  ElementExchange exchange_;
  std::optional<io::FormulaSplit> rule_;                // the split of the parents, if it goes by formula,
  std::unordered_set<std::string> held_out_formulas_;   // and what it holds out, if not
};

}  // namespace xxact::synthesis
