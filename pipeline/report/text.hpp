// Texts that others wrote (ids, formulas, error messages) made safe to print in a page or a picture.
#pragma once

#include <string>
#include <string_view>

namespace xxact::report {

/// Well-formed UTF-8: control characters become spaces, bytes that are no UTF-8 become U+FFFD.
std::string valid_utf8(std::string_view text);

/// For HTML text and quoted attributes: valid_utf8, then & < > " ' as character references.
std::string html_escape(std::string_view text);
/// The same with the line breaks kept, for <pre>.
std::string html_escape_lines(std::string_view text);

/// Digits grouped by thin spaces: 11987206 becomes "11 987 206".
std::string grouped(long long value);

/// Four significant digits without an exponent where that is readable; an en dash for NaN.
std::string significant(double value, int digits = 4);

/// "45 s", "12.3 min", "4.5 h", "3.1 d".
std::string duration(double seconds);

}  // namespace xxact::report
