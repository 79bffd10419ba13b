// XML of instrument files by pugixml, which expands no entities of a document's own and opens nothing. Only the readers
// of measured patterns include this.
#pragma once

#include <pugixml.hpp>

#include <string>
#include <string_view>

namespace xxact::io::measured {

/// Parses `text` (UTF-8 or as its declaration and byte order mark say). Throws InputError with pugixml's reason and the
/// byte, also for elements nested deeper than 64.
void parse_xml(std::string_view text, pugi::xml_document& document);

/// Children and descendants by name, whatever the namespace prefix; an empty node where there is none.
pugi::xml_node child(const pugi::xml_node& parent, std::string_view name);
pugi::xml_node descendant(const pugi::xml_node& parent, std::string_view name);

/// Name without prefix.
std::string_view local_name(const pugi::xml_node& node);

/// All text of a node: it may come in parts, with comments between them.
std::string text_of(const pugi::xml_node& node);

}  // namespace xxact::io::measured
