# Datasets, result tables and checkpoints in HDF5, and what `xxact inspect` says of them.
set(io_store
  hdf5.cpp hdf5_attribute.cpp hdf5_transfer.cpp hdf5_untrusted.cpp collective_step.cpp pending_file.cpp
  composition_formula.cpp dataset.cpp dataset_checks.cpp dataset_columns.cpp dataset_piece.cpp dataset_plan.cpp dataset_plan_message.cpp
  dataset_reader.cpp packed_rows.cpp row_reader.cpp dataset_schema.cpp dataset_shared.cpp dataset_writer.cpp
  block_checksums.cpp file_bytes.cpp file_extents.cpp host_memory.cpp load_plan.cpp
  results_columns.cpp results_file.cpp results_writer.cpp results_reader.cpp checkpoint.cpp
  inspect.cpp inspect_dataset.cpp inspect_checkpoint.cpp inspect_results.cpp)
# Shared memory by name lives in librt before glibc 2.34.
list(APPEND io_private_link rt PkgConfig::XXHASH)
if(XXACT_XXHASH_DISPATCH)
  set_source_files_properties(block_checksums.cpp PROPERTIES COMPILE_DEFINITIONS XXACT_XXHASH_DISPATCH)
endif()
