# Structure files in: formats, checks, symmetry, split, the ingest of all of them.
set(io_sources
  byte_exchange.cpp byte_stream.cpp zstd_frames.cpp
  csv_records.cpp json_entries.cpp json_numbers.cpp
  cif_document.cpp cif_site_details.cpp cif_structure.cpp displacement_tensor.cpp species_symbol.cpp symmetry_operations.cpp
  close_pairs.cpp formula.cpp label_table.cpp primitive_lattice.cpp record_checks.cpp space_group.cpp split.cpp
  source.cpp source_archive.cpp source_cif.cpp source_csv.cpp source_json.cpp read_structures.cpp
  duplicate_rows.cpp file_lock.cpp ingest.cpp ingest_datasets.cpp ingest_part.cpp ingest_parts.cpp ingest_progress.cpp input_files.cpp source_pass.cpp reject_log.cpp row_builder.cpp)
list(APPEND io_private_link LibArchive::LibArchive)
# Measured patterns in: one reader a format.
list(APPEND io_sources
  measured_pattern.cpp measured_formats.cpp measured_columns.cpp measured_uxd.cpp measured_ras.cpp measured_raw.cpp
  measured_xml.cpp measured_xrdml.cpp measured_brml.cpp)
list(APPEND io_private_link pugixml::pugixml)
