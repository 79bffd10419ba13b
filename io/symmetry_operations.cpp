#include "io/symmetry_operations.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

#include "src/base/error.hpp"

namespace xxact::io {

namespace {

constexpr double kSpecialPosition = 0.05;  // angstrom
constexpr std::array<double, 9> kIdentity = {1, 0, 0, 0, 1, 0, 0, 0, 1};

/// One of the three expressions of a triplet: terms of x, y, z and numbers.
class ExpressionParser {
 public:
  ExpressionParser(std::string_view text, std::string_view whole) : text_(text), whole_(whole) {}

  void parse(double* row, double& translation) {
    bool any = false;
    while (skip_blanks(), !text_.empty()) {
      const double sign = take_sign(any);
      const std::optional<double> number = take_number();
      if (number) take('*');
      const int axis = take_axis();
      if (!number && axis < 0) fail();
      const double divisor = axis >= 0 && take('/') ? take_number().value_or(0.0) : 1.0;
      if (divisor == 0) fail();
      (axis >= 0 ? row[axis] : translation) += sign * number.value_or(1.0) / divisor;
      any = true;
    }
    if (!any) fail();
  }

 private:
  [[noreturn]] void fail() const { throw InputError("symmetry operation not understood: \"{:.60}\"", whole_); }
  void skip_blanks() {
    while (!text_.empty() && (text_[0] == ' ' || text_[0] == '\t')) text_.remove_prefix(1);
  }
  bool take(char c) {
    skip_blanks();
    if (text_.empty() || text_[0] != c) return false;
    text_.remove_prefix(1);
    return true;
  }
  double take_sign(bool required) {
    if (take('-')) return -1.0;
    if (!take('+') && required) fail();
    return 1.0;
  }
  /// A decimal number or a fraction of two.
  std::optional<double> take_number() {
    skip_blanks();
    double value = 0;
    if (!take_decimal(value)) return std::nullopt;
    if (take('/')) {
      double divisor = 0;
      skip_blanks();
      if (!take_decimal(divisor) || divisor == 0) fail();
      value /= divisor;
    }
    if (!(std::abs(value) <= 100)) fail();
    return value;
  }
  bool take_decimal(double& value) {
    const auto [end, error] = std::from_chars(text_.data(), text_.data() + text_.size(), value, std::chars_format::fixed);
    if (error != std::errc() || value < 0) return false;
    text_.remove_prefix(static_cast<std::size_t>(end - text_.data()));
    return true;
  }
  int take_axis() {
    skip_blanks();
    if (text_.empty()) return -1;
    const char c = static_cast<char>(text_[0] | 0x20);
    if (c < 'x' || c > 'z') return -1;
    text_.remove_prefix(1);
    return c - 'x';
  }

  std::string_view text_, whole_;
};

double determinant(const std::array<double, 9>& r) {
  return r[0] * (r[4] * r[8] - r[5] * r[7]) - r[1] * (r[3] * r[8] - r[5] * r[6]) + r[2] * (r[3] * r[7] - r[4] * r[6]);
}

/// Difference of two fractional positions to the nearest image, and its length squared in angstrom^2.
struct Offset {
  std::array<double, 3> frac;
  double square;
};
Offset nearest_offset(const std::array<double, 9>& lattice, const double* to, const double* from) {
  Offset offset{};
  for (std::size_t i = 0; i < 3; ++i) {
    const double difference = to[i] - from[i];
    offset.frac[i] = difference - std::round(difference);
  }
  for (std::size_t x = 0; x < 3; ++x) {
    const double r = offset.frac[0] * lattice[x] + offset.frac[1] * lattice[3 + x] + offset.frac[2] * lattice[6 + x];
    offset.square += r * r;
  }
  return offset;
}

/// Distinct images of one atom; each keeps the sum of the offsets of the images that fell on it.
class Orbit {
 public:
  explicit Orbit(const std::array<double, 9>& lattice) : lattice_(lattice) {}
  void clear() {
    place_.clear();
    offset_.clear();
    count_.clear();
  }
  /// Returns the number of the image that it fell on, or its own.
  std::size_t add(const std::array<double, 3>& image) {
    for (std::size_t k = 0; k < count_.size(); ++k) {
      const Offset offset = nearest_offset(lattice_, image.data(), &place_[3 * k]);
      if (offset.square >= kSpecialPosition * kSpecialPosition) continue;
      for (std::size_t i = 0; i < 3; ++i) offset_[3 * k + i] += offset.frac[i];
      ++count_[k];
      return k;
    }
    place_.insert(place_.end(), image.begin(), image.end());
    offset_.insert(offset_.end(), 3, 0.0);
    count_.push_back(1);
    return count_.size() - 1;
  }
  std::size_t size() const { return count_.size(); }
  int images(std::size_t k) const { return count_[k]; }
  std::array<double, 3> position(std::size_t k) const {
    std::array<double, 3> mean{};
    for (std::size_t i = 0; i < 3; ++i) {
      const double x = place_[3 * k + i] + offset_[3 * k + i] / count_[k];
      mean[i] = x - std::floor(x);
    }
    return mean;
  }

 private:
  const std::array<double, 9>& lattice_;
  std::vector<double> place_, offset_;  // [images, 3]
  std::vector<int> count_;
};

/// An integer rotation as a number; nothing for any other.
std::optional<std::int64_t> rotation_key(const std::array<double, 9>& rotation) {
  std::int64_t key = 0;
  for (const double entry : rotation) {
    const double whole = std::round(entry);
    if (std::abs(entry - whole) > 1e-3 || std::abs(whole) > 9) return std::nullopt;
    key = 19 * key + static_cast<std::int64_t>(whole) + 9;
  }
  return key;
}

/// Integer rotations as one number each, nothing where one is none.
std::optional<std::vector<std::int64_t>> rotation_keys(const std::vector<SymmetryOperation>& operations) {
  std::vector<std::int64_t> keys;
  for (const auto& operation : operations) {
    const auto key = rotation_key(operation.rotation);
    if (!key) return std::nullopt;
    keys.push_back(*key);
  }
  return keys;
}

std::array<double, 9> product(const std::array<double, 9>& a, const std::array<double, 9>& b) {
  std::array<double, 9> out{};
  for (std::size_t i = 0; i < 3; ++i)
    for (std::size_t j = 0; j < 3; ++j)
      for (std::size_t k = 0; k < 3; ++k) out[3 * i + j] += a[3 * i + k] * b[3 * k + j];
  return out;
}

bool same_translation(const std::array<double, 3>& a, const std::array<double, 3>& b) {
  constexpr double kTolerance = 0.02;  // of the cell's edges: files give 1/3 as 0.33
  return std::equal(a.begin(), a.end(), b.begin(), [](double x, double y) { return std::abs(x - y - std::round(x - y)) <= kTolerance; });
}

}  // namespace

void require_group(const std::vector<SymmetryOperation>& operations) {
  const auto keys = rotation_keys(operations);
  if (!keys) return;
  std::unordered_multimap<std::int64_t, const SymmetryOperation*> by_rotation;
  for (std::size_t i = 0; i < operations.size(); ++i) by_rotation.emplace((*keys)[i], &operations[i]);
  for (std::size_t a = 0; a < operations.size(); ++a)
    for (std::size_t b = 0; b < operations.size(); ++b) {
      const auto key = rotation_key(product(operations[a].rotation, operations[b].rotation));
      const auto translation = operations[a](operations[b].translation.data());
      const auto [first, end] = key ? by_rotation.equal_range(*key) : std::pair(by_rotation.end(), by_rotation.end());
      if (std::none_of(first, end, [&](const auto& entry) { return same_translation(entry.second->translation, translation); }))
        throw InputError("the {} symmetry operations form no group: operation {} after operation {} is not listed", operations.size(), a + 1, b + 1);
    }
}

std::array<double, 3> SymmetryOperation::operator()(const double* f) const {
  std::array<double, 3> image{};
  for (std::size_t i = 0; i < 3; ++i)
    image[i] = rotation[3 * i] * f[0] + rotation[3 * i + 1] * f[1] + rotation[3 * i + 2] * f[2] + translation[i];
  return image;
}

SymmetryOperation parse_operation(std::string_view text) {
  SymmetryOperation operation;
  std::string_view rest = text;
  for (std::size_t i = 0; i < 3; ++i) {
    const std::size_t comma = rest.find(',');
    if ((comma == std::string_view::npos) != (i == 2)) throw InputError("symmetry operation not understood: \"{:.60}\"", text);
    ExpressionParser(rest.substr(0, comma), text).parse(&operation.rotation[3 * i], operation.translation[i]);
    if (i < 2) rest.remove_prefix(comma + 1);
  }
  // Symmetry keeps volumes; anything else would pile up or thin out the atoms.
  if (std::abs(std::abs(determinant(operation.rotation)) - 1) > 1e-6) throw InputError("symmetry operation is none: \"{:.60}\"", text);
  return operation;
}

void expand_by_symmetry(StructureRecord& record, const std::vector<SymmetryOperation>& operations, std::size_t most_atoms) {
  if (operations.empty() || (operations.size() == 1 && operations[0].rotation == kIdentity)) return;
  const StructureRecord unit = record;
  record.clear_atoms();
  Orbit orbit(record.lattice);
  std::vector<Tensor> turned;  // [images]: sum of the displacements of the operations that lead there
  for (std::size_t atom = 0; atom < unit.atoms(); ++atom) {
    orbit.clear();
    turned.clear();
    for (const SymmetryOperation& operation : operations) {
      const std::size_t image = orbit.add(operation(&unit.frac_coords[3 * atom]));
      if (unit.details.empty()) continue;
      turned.resize(orbit.size());
      const Tensor tensor = rotated(unit.details[atom].u_star, operation.rotation);
      for (std::size_t n = 0; n < tensor.size(); ++n) turned[image][n] += tensor[n];
    }
    if (record.atoms() + orbit.size() > most_atoms) throw InputError("more than {} atoms in the cell", most_atoms);
    for (std::size_t k = 0; k < orbit.size(); ++k) {
      record.add_atom(unit.atomic_number[atom], unit.species[atom], orbit.position(k), unit.occupancy[atom]);
      if (unit.details.empty()) continue;
      for (double& entry : turned[k]) entry /= orbit.images(k);
      record.details.push_back({unit.details[atom].charge, turned[k]});
    }
  }
}

}  // namespace xxact::io
