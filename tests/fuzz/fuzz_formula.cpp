// Any text as a chemical formula; what is understood has elements and a reduced form.
#include <cstdint>
#include <cstdlib>

#include "io/formula.hpp"
#include "src/base/error.hpp"

using namespace xxact;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const auto amounts = io::parse_formula({reinterpret_cast<const char*>(data), size});
    if (amounts.empty() || io::reduced_formula(amounts).empty()) std::abort();
  } catch (const InputError&) {  // the reason that a user is told
  }
  return 0;
}
