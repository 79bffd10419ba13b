// data/mat2vec.csv as bytes in the library. The assembler copies the file: no generated source of half a megabyte.
#include "model/mat2vec_bytes.hpp"

// NOLINTNEXTLINE: the only way to name a file to the assembler
asm(".section .rodata\n"
    ".balign 16\n"
    "xxact_mat2vec_first:\n"
    ".incbin \"" XXACT_MAT2VEC_CSV "\"\n"
    "xxact_mat2vec_last:\n"
    ".byte 0\n"
    ".previous\n");

extern "C" {
extern const char xxact_mat2vec_first[] __attribute__((visibility("hidden")));
extern const char xxact_mat2vec_last[] __attribute__((visibility("hidden")));
}

namespace xxact::model {

std::string_view mat2vec_csv() { return {xxact_mat2vec_first, static_cast<std::size_t>(xxact_mat2vec_last - xxact_mat2vec_first)}; }

}  // namespace xxact::model
