#include "io/cif_document.hpp"

#include <algorithm>

#include "src/base/error.hpp"

namespace xxact::io {

namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

/// ASCII case does not matter.
bool equal(std::string_view a, std::string_view b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) { return lower(x) == lower(y); });
}
bool begins(std::string_view text, std::string_view word) { return text.size() >= word.size() && equal(text.substr(0, word.size()), word); }

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

enum class Kind { end, tag, value, loop, block, frame };

struct Token {
  Kind kind = Kind::end;
  CifValue value;  // of a block or frame: its name
};

class Tokens {
 public:
  explicit Tokens(std::string_view text) : text_(text) {
    if (text_.starts_with("\xEF\xBB\xBF")) place_ = 3;
  }

  Token next() {
    skip_to_token();
    if (place_ >= text_.size()) return {};
    const char c = text_[place_];
    if (c == ';' && (place_ == 0 || text_[place_ - 1] == '\n')) return {Kind::value, text_field()};
    if (c == '\'' || c == '"') return {Kind::value, quoted(c)};
    return bare();
  }

  [[noreturn]] void fail(std::string_view what) const {
    throw InputError("not a CIF: {} at line {}", what, 1 + std::count(text_.begin(), text_.begin() + static_cast<std::ptrdiff_t>(std::min(place_, text_.size())), '\n'));
  }

 private:
  void skip_to_token() {
    while (place_ < text_.size()) {
      if (text_[place_] == '#') place_ = std::min(text_.find('\n', place_), text_.size());
      else if (is_space(text_[place_])) ++place_;
      else return;
    }
  }

  CifValue text_field() {
    const std::size_t end = text_.find("\n;", place_);
    if (end == std::string_view::npos) fail("a text field is not closed");
    std::string_view body = text_.substr(place_ + 1, end - place_ - 1);
    if (body.ends_with('\r')) body.remove_suffix(1);
    place_ = end + 2;
    return {body, true};
  }

  /// A quote ends the string only before white space: 'O5'' is O5'.
  CifValue quoted(char quote) {
    for (std::size_t end = place_ + 1; end < text_.size() && text_[end] != '\n'; ++end)
      if (text_[end] == quote && (end + 1 == text_.size() || is_space(text_[end + 1]))) {
        const CifValue value{text_.substr(place_ + 1, end - place_ - 1), true};
        place_ = end + 1;
        return value;
      }
    fail("a quote is not closed");
  }

  Token bare() {
    std::size_t end = place_;
    while (end < text_.size() && !is_space(text_[end])) ++end;
    const std::string_view word = text_.substr(place_, end - place_);
    place_ = end;
    if (word[0] == '_') return {Kind::tag, {word, false}};
    if (begins(word, "data_")) return {Kind::block, {word.substr(5), false}};
    if (begins(word, "save_")) return {Kind::frame, {word.substr(5), false}};
    if (equal(word, "loop_")) return {Kind::loop, {}};
    return {Kind::value, {word, false}};
  }

  std::string_view text_;
  std::size_t place_ = 0;
};

class CifParser {
 public:
  explicit CifParser(std::string_view text) : tokens_(text) { advance(); }

  std::vector<CifBlock> parse() {
    std::vector<CifBlock> blocks;
    CifBlock frame;
    CifBlock* current = nullptr;
    while (token_.kind != Kind::end) {
      if (token_.kind == Kind::block) {
        blocks.emplace_back().name = token_.value.text;
        current = &blocks.back();
        advance();
      } else if (current == nullptr) {
        tokens_.fail("something before the first data block");
      } else if (token_.kind == Kind::frame) {
        frame = {};
        current = token_.value.text.empty() ? &blocks.back() : &frame;
        advance();
      } else if (token_.kind == Kind::tag) {
        pair(*current);
      } else if (token_.kind == Kind::loop) {
        loop(*current);
      } else {
        tokens_.fail("a value without tag");
      }
    }
    return blocks;
  }

 private:
  void advance() { token_ = tokens_.next(); }

  void pair(CifBlock& block) {
    auto& [tag, value] = block.pairs.emplace_back(token_.value.text, CifValue{"?", false});
    advance();
    if (token_.kind != Kind::value) return;
    value = token_.value;
    advance();
  }

  void loop(CifBlock& block) {
    CifLoop& loop = block.loops.emplace_back();
    for (advance(); token_.kind == Kind::tag; advance()) loop.tags.push_back(token_.value.text);
    if (loop.tags.empty()) tokens_.fail("a loop without tags");
    for (; token_.kind == Kind::value; advance()) loop.values.push_back(token_.value);
    if (loop.values.size() % loop.tags.size() != 0)
      tokens_.fail(fmt::format("the loop of {:.60} has {} values for {} tags", loop.tags[0], loop.values.size(), loop.tags.size()));
  }

  Tokens tokens_;
  Token token_;
};

}  // namespace

CifColumn CifBlock::find(std::string_view tag) const {
  for (const auto& [name, value] : pairs)
    if (equal(name, tag)) return {&value, 1, 1};
  for (const CifLoop& loop : loops)
    for (std::size_t column = 0; column < loop.tags.size(); ++column)
      if (equal(loop.tags[column], tag))  // a loop may have no rows, and then there is nothing to point into
        return loop.values.empty() ? CifColumn() : CifColumn(&loop.values[column], loop.tags.size(), loop.values.size() / loop.tags.size());
  return {};
}

std::vector<CifBlock> parse_cif(std::string_view text) { return CifParser(text).parse(); }

}  // namespace xxact::io
