#include "io/measured_xml.hpp"

#include "src/base/error.hpp"

namespace xxact::io::measured {

namespace {

constexpr int kDeepest = 64;

/// Refuses trees on which a recursive search would need a deep stack.
class DepthCheck final : public pugi::xml_tree_walker {
 public:
  bool for_each(pugi::xml_node&) override { return depth() < kDeepest; }
};

}  // namespace

void parse_xml(std::string_view text, pugi::xml_document& document) {
  const pugi::xml_parse_result result = document.load_buffer(text.data(), text.size(), pugi::parse_default, pugi::encoding_auto);
  if (!result) throw InputError("is not well-formed XML: {} at byte {}", result.description(), result.offset);
  DepthCheck check;
  if (!document.traverse(check)) throw InputError("has XML elements nested deeper than {}", kDeepest);
}

std::string_view local_name(const pugi::xml_node& node) {
  const std::string_view name = node.name();
  const std::size_t colon = name.rfind(':');
  return colon == std::string_view::npos ? name : name.substr(colon + 1);
}

pugi::xml_node child(const pugi::xml_node& parent, std::string_view name) {
  return parent.find_child([name](const pugi::xml_node& node) { return local_name(node) == name; });
}

pugi::xml_node descendant(const pugi::xml_node& parent, std::string_view name) {
  return parent.find_node([name](const pugi::xml_node& node) { return local_name(node) == name; });
}

std::string text_of(const pugi::xml_node& node) {
  std::string text;
  for (const pugi::xml_node& part : node.children())
    if (part.type() == pugi::node_pcdata || part.type() == pugi::node_cdata) text += part.value();
  return text;
}

}  // namespace xxact::io::measured
