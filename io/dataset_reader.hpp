// Fills memory with the arrays of a planned dataset file: the ranks that share the memory share the bytes, and verify
// the checksums of what they read. Not here: the plan (io/dataset_plan.hpp), the memory (io/host_memory.hpp), the checks
// of the values (io/dataset_schema.hpp).
#pragma once

#include <mpi.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "io/dataset_plan.hpp"
#include "io/share.hpp"
#include "src/base/sha256.hpp"

namespace xxact::io {

/// Whole blocks of an array, or whole chunks of one that only HDF5 can read.
struct ReadPiece {
  std::size_t array = 0;             // of DatasetPlan::arrays
  std::size_t begin = 0, bytes = 0;  // of the array's bytes
};

/// The pieces of this share, in the order of the file's arrays: at most 64 MiB each, smaller where they are few, so that
/// every share has about as many bytes. Together the shares cover every byte once.
std::vector<ReadPiece> pieces_of(const DatasetPlan& plan, const Share& share);

/// Reads the pieces of this share into `storage`, with up to four threads where there are more cores than shares; null: reads those of direct arrays and
/// keeps nothing. Returns the blocks, by their number in plan.blocks, whose checksums
/// differ. Only blocks of direct arrays are verified here; those of others may lie on several shares.
/// InputError when the file is cut or its compressed data are damaged, IoError when it cannot be read.
std::vector<std::uint64_t> read_pieces(const DatasetPlan& plan, const Share& share, std::byte* storage);

/// Verifies this share of the blocks of all arrays that are not direct; needs all their pieces to be read.
std::vector<std::uint64_t> verify_indirect(const DatasetPlan& plan, const Share& share, const std::byte* storage);

/// Collective on comm. Reads the whole file, dealt to the ranks, without keeping it, and compares all blocks with their checksums; nothing for files
/// that have none. Throws alike on every rank: InputError as refuse_damage, IoError when the file cannot be read.
void verify_blocks(MPI_Comm comm, const DatasetPlan& plan);

/// Serial, in bounded memory. Compares all blocks with their checksums; with HashCheck::verify names all damaged ones, and compares the content hash
/// too. InputError as refuse_damage or for another hash, IoError when the file cannot be read.
void verify_dataset(const DatasetPlan& plan, HashCheck check);

/// Throws InputError unless the digests of all arrays, in the plan's order, make the content hash that the file states.
void require_content_hash(const DatasetPlan& plan, const std::vector<Sha256Digest>& digests);

/// "/atoms/frac_coords: block 17 (bytes 17825792 to 18874367, rows 1485482 to 1572863)": where block `number` lies.
std::string block_place(const DatasetPlan& plan, std::uint64_t number);

/// Collective on comm. Throws InputError alike on every rank when any rank brings a damaged block: it names the first one
/// and how many more there are, or all of them if `name_all`.
void refuse_damage(MPI_Comm comm, const DatasetPlan& plan, const std::vector<std::uint64_t>& damaged, bool name_all);

}  // namespace xxact::io
