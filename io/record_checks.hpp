// What makes a record a valid row: the contract of structures in files and in memory. Merges atoms that stand for one
// site, numbers the sites, and counts the composition.
#pragma once

#include <cstddef>

#include "io/structure_record.hpp"

namespace xxact::io {

struct RecordLimits {
  std::size_t max_atoms = 1000;
  // Datasets keep neither; asked for, a record is refused where they cannot be read, and the ions of one element on one site
  // stay apart.
  bool charges = false, displacements = false;

  bool details() const { return charges || displacements; }
};

inline constexpr std::size_t kMaxIdBytes = 64;
inline constexpr double kSameSite = 1e-3;      // angstrom: atoms of one species closer than this are one site
inline constexpr double kClosestAtoms = 0.5;   // angstrom: other atoms closer than this reject the record
inline constexpr double kOccupancySlack = 1e-3;

/// Checks a parsed record and completes it (`site`, `formula` of a structure). Throws InputError with the reason:
/// id empty, longer than 64 bytes, not UTF-8 or with control characters; lattice not finite, volume at most 0.1 A^3,
/// planes closer than 0.5 A or a vector longer than 1,000 A; no atoms or too many; coordinates not finite; occupancy not in (0, 1];
/// occupancies of one site above 1; atoms closer than 0.5 A; neither structure nor formula.
///
/// Same element on one place: the same symbol twice is one site written twice and stays once; different symbols (Fe2+ and
/// Fe3+, H and D) are parts of one site, and their occupancies add up, or with details stay atoms of their own on it.
void check_record(StructureRecord& record, const RecordLimits& limits);

}  // namespace xxact::io
