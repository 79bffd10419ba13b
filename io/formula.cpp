#include "io/formula.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <numeric>

#include "src/base/elements.hpp"
#include "src/base/error.hpp"

namespace xxact::io {

namespace {

constexpr std::size_t kMaxBytes = 1024;
constexpr int kMaxNesting = 16;
constexpr double kMaxAmount = 1e6;

using Amounts = std::array<double, kMaxAtomicNumber + 1>;

class FormulaParser {
 public:
  explicit FormulaParser(std::string_view text) : text_(text) {}

  Amounts parse() {
    Amounts total{};
    do {
      skip_blanks();
      const double multiplier = amount_here(1.0);
      add(total, group(0, '\0'), multiplier);
    } while (take_hydrate_dot());
    if (place_ != text_.size()) fail("unexpected character");
    return total;
  }

 private:
  [[noreturn]] void fail(std::string_view what) const {
    throw InputError("formula \"{:.80}\": {} at character {}", text_, what, place_ + 1);
  }
  bool more() const { return place_ < text_.size(); }
  char here() const { return text_[place_]; }
  void skip_blanks() {
    while (more() && (here() == ' ' || here() == '\t')) ++place_;
  }
  static void add(Amounts& to, const Amounts& from, double times) {
    for (std::size_t z = 1; z < to.size(); ++z) to[z] += times * from[z];
  }

  /// One separator: `*` or the middle dot (UTF-8 C2 B7).
  bool take_hydrate_dot() {
    const std::size_t bytes = text_.substr(place_).starts_with("\xC2\xB7") ? 2 : more() && here() == '*' ? 1 : 0;
    place_ += bytes;
    return bytes > 0;
  }

  double amount_here(double otherwise) {
    if (!more() || !((here() >= '0' && here() <= '9') || here() == '.')) return otherwise;
    double value = 0;
    const char* first = text_.data() + place_;
    const auto [end, error] = std::from_chars(first, text_.data() + text_.size(), value, std::chars_format::fixed);
    if (error != std::errc()) fail("bad amount");
    if (!(value > 0 && value <= kMaxAmount)) fail("amount is not above 0 and at most 1,000,000");
    place_ += static_cast<std::size_t>(end - first);
    skip_blanks();
    if (more() && (here() == 'e' || here() == '+' || here() == '-')) fail("scientific notation and charges are not understood");
    return value;
  }

  static char closing(char open) { return open == '(' ? ')' : open == '[' ? ']' : open == '{' ? '}' : '\0'; }

  /// Elements and groups up to `end` (taken) or the end of this part of the formula.
  Amounts group(int depth, char end) {
    if (depth > kMaxNesting) fail("brackets are nested too deeply");
    Amounts amounts{};
    bool empty = true;
    for (skip_blanks(); more() && here() != '*' && here() != '\xC2'; skip_blanks()) {
      if (end != '\0' && here() == end) break;
      if (const char close = closing(here())) {
        ++place_;
        const Amounts inner = group(depth + 1, close);
        add(amounts, inner, amount_here(1.0));
      } else {
        const std::uint8_t z = element_here();
        amounts[z] += amount_here(1.0);
      }
      empty = false;
    }
    if (empty) fail("an element was expected");
    if (end != '\0') {
      if (!more() || here() != end) fail("a bracket is not closed");
      ++place_;
      skip_blanks();
    }
    return amounts;
  }

  std::uint8_t element_here() {
    if (here() < 'A' || here() > 'Z') fail("an element was expected");
    std::size_t length = 1;
    while (place_ + length < text_.size() && text_[place_ + length] >= 'a' && text_[place_ + length] <= 'z') ++length;
    const auto z = atomic_number_of(text_.substr(place_, length));
    if (!z) fail(fmt::format("no element is named \"{:.20}\"", text_.substr(place_, length)));
    place_ += length;
    skip_blanks();
    return *z;
  }

  std::string_view text_;
  std::size_t place_ = 0;
};

}  // namespace

std::vector<ElementAmount> parse_formula(std::string_view text) {
  if (text.empty()) throw InputError("formula is empty");
  if (text.size() > kMaxBytes) throw InputError("formula is longer than {} bytes", kMaxBytes);
  const Amounts amounts = FormulaParser(text).parse();
  std::vector<ElementAmount> formula;
  for (std::size_t z = 1; z < amounts.size(); ++z)
    if (amounts[z] > 0) formula.push_back({static_cast<std::uint8_t>(z), amounts[z]});
  return formula;
}

std::string reduced_formula(std::span<const ElementAmount> formula) {
  constexpr double kUnits = 1e4;
  std::vector<std::int64_t> units;
  std::int64_t divisor = 0;
  for (const ElementAmount& element : formula) {
    units.push_back(std::max<std::int64_t>(1, std::llround(element.amount * kUnits)));
    divisor = std::gcd(divisor, units.back());
  }
  std::string text;
  for (std::size_t i = 0; i < units.size(); ++i) {
    if (i > 0) text += ' ';
    text += fmt::format("{}:{}", formula[i].atomic_number, units[i] / divisor);
  }
  return text;
}

}  // namespace xxact::io
