// Reflections to powder lines, by pymatgen's rule: all reflections with equal round(2-theta / 1e-5 degrees), half to even,
// are one line, which stands where its first reflection stands.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "pipeline/xrd/reflections.hpp"
#include "pipeline/xrd/simulator.hpp"

namespace xxact::xrd {

inline constexpr double kMergeTolerance = 1e-5;     // degrees of 2-theta
inline constexpr double kWeakestIntensity = 1e-3;   // of 100

/// One a thread; keeps its buffers.
class LineMerger {
 public:
  /// Forgets all reflections; those that follow have g^2 between the two bounds.
  void begin(double smallest_g_squared, double largest_g_squared);
  /// A labelled batch. [batch.reflections]: intensity of g and -g together, times the multiplicity.
  void add(const ReflectionBatch& batch, std::span<const double> intensity);
  /// Replaces `lines`: unscaled intensities, ascending angle, weak lines dropped.
  void write(double wavelength, std::vector<Line>& lines);

 private:
  struct Group {
    std::uint32_t first, reflections;
    double intensity;
    std::int64_t hkl;
  };
  void sort();
  double group();

  double smallest_ = 0, largest_ = 0;
  std::size_t reflections_ = 0;
  std::vector<double> g_squared_, intensity_;
  std::vector<std::int64_t> hkl_;
  std::vector<std::uint16_t> multiplicity_;
  std::vector<std::uint32_t> bucket_, bucket_end_;
  std::vector<std::uint64_t> keys_, sorted_;
  // By ascending g^2:
  std::vector<std::uint32_t> order_;
  std::vector<double> sorted_g_squared_, two_theta_, angle_key_;
  std::vector<Group> groups_;
  std::size_t group_count_ = 0;
};

}  // namespace xxact::xrd
