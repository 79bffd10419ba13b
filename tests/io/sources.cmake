# Tests of structure sources: formulas, CIF, record checks, formats, broken input, ingest.
add_library(xxact_io_scratch_files STATIC scratch_files.cpp)
target_link_libraries(xxact_io_scratch_files PUBLIC xxact_options PRIVATE Boost::iostreams LibArchive::LibArchive)
# GCC 12 sees an overlapping copy where Boost's gzip_compressor appends a byte to a string.
target_compile_options(xxact_io_scratch_files PRIVATE $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>)

xxact_add_test(io_sources SOURCES formula_test.cpp cif_test.cpp record_checks_test.cpp source_formats_test.cpp source_archive_test.cpp archive_damage_test.cpp broken_kinds_test.cpp primitive_lattice_test.cpp
  LINK xxact::io xxact_io_scratch_files LABELS io)
target_link_libraries(test_io_sources PRIVATE PkgConfig::SPGLIB)
xxact_add_test(io_ingest SOURCES ingest_test.cpp ingest_datasets_test.cpp ingest_parts_test.cpp broken_sources_test.cpp duplicate_rows_test.cpp
  LINK xxact::io xxact_io_scratch_files RANKS 1 2 3 LABELS io)
target_link_libraries(test_io_ingest PRIVATE xxact::nlohmann_json)
xxact_add_test(io_measured SOURCES measured_files_test.cpp measured_formats_test.cpp broken_patterns_test.cpp pattern_texts.cpp
  LINK xxact::io xxact_io_scratch_files LABELS io)
