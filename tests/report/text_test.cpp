// Texts of others in a page: escaped, well-formed, and numbers as a reader expects them.
#include "pipeline/report/text.hpp"

#include <gtest/gtest.h>

#include "pipeline/report/svg.hpp"
#include "src/base/error.hpp"

namespace xxact::report {
namespace {

TEST(HtmlEscape, LeavesNoMarkup) {
  EXPECT_EQ(html_escape("<script>alert(\"1\" & '2')</script>"), "&lt;script&gt;alert(&quot;1&quot; &amp; &#39;2&#39;)&lt;/script&gt;");
  EXPECT_EQ(html_escape("=cmd|' /C calc'!A0"), "=cmd|&#39; /C calc&#39;!A0");
  EXPECT_EQ(html_escape_lines("a<b\nc&d"), "a&lt;b\nc&amp;d\n");
}

TEST(ValidUtf8, ReplacesWhatIsNot) {
  const std::string replacement = "\xEF\xBF\xBD";
  EXPECT_EQ(valid_utf8("2θ 10⁻³"), "2θ 10⁻³");
  EXPECT_EQ(valid_utf8("a\nb\x01" "c\x7F"), "a b c ");
  EXPECT_EQ(valid_utf8("\xC2\x85"), " ");                                              // a C1 control
  EXPECT_EQ(valid_utf8("\xFF"), replacement);
  EXPECT_EQ(valid_utf8("\xC0\xAF"), replacement + replacement);                        // overlong '/'
  EXPECT_EQ(valid_utf8("\xED\xA0\x80"), replacement + replacement + replacement);      // a surrogate
  EXPECT_EQ(valid_utf8("\xF4\x90\x80\x80").substr(0, 3), replacement);                 // above U+10FFFF
  EXPECT_EQ(valid_utf8("x\xE2\x82"), "x" + replacement + replacement);                 // cut in the middle
}

TEST(Numbers, AreReadable) {
  EXPECT_EQ(grouped(11987206), "11\u202F987\u202F206");
  EXPECT_EQ(grouped(-1000), "\u22121\u202F000");
  EXPECT_EQ(grouped(999), "999");
  EXPECT_EQ(significant(0.123456), "0.1235");
  EXPECT_EQ(significant(-12.3456), "\u221212.35");
  EXPECT_EQ(significant(123456.0), "123456");
  EXPECT_EQ(significant(1.5e-7, 2), "1.5e-07");
  EXPECT_EQ(significant(std::numeric_limits<double>::quiet_NaN()), "\u2013");
  EXPECT_EQ(duration(7.25), "7.2 s");
  EXPECT_EQ(duration(150), "2.5 min");
  EXPECT_EQ(duration(9000), "2.5 h");
}

TEST(InlineSvg, IsAPartOfAPage) {
  const std::string file =
      "<?xml version=\"1.0\"?>\n<svg \n viewBox=\"0 0 10 20\"\n xmlns=\"http://www.w3.org/2000/svg\">\n<title>Gnuplot</title>"
      "<path id='gpPt1' fill=\"rgb( 36,  49,  63)\"/><use xlink:href='#gpPt1'/><g id=\"plot_1\" clip-path=\"url(#clip)\"><title>name</title></g></svg>";
  const std::string svg = inline_svg_text(file, "f7", "a \"plot\"", "x.svg");
  EXPECT_EQ(svg,
            "<svg viewBox=\"0 0 10 20\" role=\"img\" aria-label=\"a &quot;plot&quot;\">\n<path id='f7-gpPt1' fill=\"var(--ink)\"/>"
            "<use xlink:href='#f7-gpPt1'/><g id=\"f7-plot_1\" clip-path=\"url(#f7-clip)\"></g></svg>");
  EXPECT_THROW(inline_svg_text("no picture", "f", "", "x.svg"), InputError);
}

}  // namespace
}  // namespace xxact::report
