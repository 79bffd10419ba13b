#include "io/dataset_reader.hpp"

#include <algorithm>
#include <exception>
#include <functional>
#include <thread>

#include "io/block_checksums.hpp"
#include "io/collective_step.hpp"
#include "io/dataset_schema.hpp"
#include "io/file_bytes.hpp"
#include "src/base/error.hpp"
#include "src/base/mpi.hpp"

namespace xxact::io {
namespace {

constexpr std::size_t kMaxPiece = std::size_t{64} << 20;
constexpr std::size_t kPiecesPerShare = 16;
constexpr std::int64_t kMaxThreads = 4;  // that read, in a rank with cores to spare: two read 2.5 times faster than one

std::size_t round_up(std::size_t value, std::size_t unit) { return (value + unit - 1) / unit * unit; }

std::span<const std::byte> block_of(const PlannedArray& array, const std::byte* storage, std::size_t block) {
  const std::size_t begin = block * kBlockBytes;
  return {storage + array.offset + begin, std::min(kBlockBytes, array.spec.bytes() - begin)};
}

/// Reads the direct ones among a thread's pieces and verifies their blocks. Null `storage`: keeps nothing of them.
void read_direct(const DatasetPlan& plan, std::vector<ReadPiece> pieces, std::byte* storage, std::vector<std::uint64_t>& damaged) {
  std::erase_if(pieces, [&](const ReadPiece& piece) { return !plan.arrays[piece.array].direct; });
  if (pieces.empty()) return;
  std::vector<std::byte> scratch(storage != nullptr ? 0 : kBlockBytes);
  const FileBytes file(plan.path, plan.file_bytes);
  const auto announce = [&](const ReadPiece& piece) {
    for_parts(plan.arrays[piece.array].extents, piece.begin, piece.bytes, [&](auto in_file, auto, auto bytes) { file.announce(in_file, bytes); });
  };
  announce(pieces.front());
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    // The system reads the next piece while this one is copied and hashed.
    if (i + 1 < pieces.size()) announce(pieces[i + 1]);
    const auto& array = plan.arrays[pieces[i].array];
    // Block by block: each is hashed while it is still in the processor's cache.
    for (std::size_t begin = pieces[i].begin; begin < pieces[i].begin + pieces[i].bytes; begin += kBlockBytes) {
      const std::size_t number = begin / kBlockBytes;
      const std::span<std::byte> block((storage != nullptr ? storage + array.offset + begin : scratch.data()), std::min(kBlockBytes, array.spec.bytes() - begin));
      for_parts(array.extents, begin, block.size(), [&](auto in_file, auto in_array, auto bytes) { file.read(in_file, block.subspan(in_array - begin, bytes)); });
      if (!plan.blocks.empty() && block_checksum(block) != plan.blocks[array.first_block + number]) damaged.push_back(array.first_block + number);
    }
  }
}

/// The array, which must be as it was planned.
hdf5::OpenArray reopen(const hdf5::File& file, const DatasetPlan& plan, const PlannedArray& array) {
  const hdf5::Place place{plan.path, array.path};
  auto open = hdf5::open_array(file, array.spec.element, array.spec.shape.size(), place);
  if (open.spec.shape != array.spec.shape || open.spec.text_width != array.spec.text_width) throw InputError("{}: was changed while it was read", place.text());
  return open;
}

/// Reads the other pieces of a share through HDF5, which serves one thread at a time.
void read_indirect(const DatasetPlan& plan, const Share& share, std::byte* storage) {
  hdf5::File file;
  for (const auto& piece : pieces_of(plan, share)) {
    const auto& array = plan.arrays[piece.array];
    if (array.direct) continue;
    if (!file) file = hdf5::open_file(plan.path);
    const auto open = reopen(file, plan, array);
    const auto row = static_cast<std::int64_t>(array.spec.row_bytes());
    hdf5::read_rows(open.dataset, array.spec, static_cast<std::int64_t>(piece.begin) / row, static_cast<std::int64_t>(piece.bytes) / row,
                    storage + array.offset + piece.begin, {plan.path, array.path});
  }
}

/// Calls use(bytes) for all bytes of an array, in order.
void for_bytes(const DatasetPlan& plan, const PlannedArray& array, const std::function<void(std::span<const std::byte>)>& use) {
  if (array.spec.bytes() == 0) return;
  const std::size_t row = array.spec.row_bytes();
  const std::int64_t step = std::max<std::int64_t>(1, static_cast<std::int64_t>(kMaxPiece / row));
  std::vector<std::byte> bytes;
  const FileBytes file(plan.path, plan.file_bytes);
  hdf5::OpenArray open;
  if (!array.direct) open = reopen(hdf5::open_file(plan.path), plan, array);
  for (std::int64_t first = 0; first < array.spec.rows(); first += step) {
    const std::int64_t rows = std::min(step, array.spec.rows() - first);
    const std::size_t begin = static_cast<std::size_t>(first) * row;
    bytes.resize(static_cast<std::size_t>(rows) * row);
    if (array.direct) for_parts(array.extents, begin, bytes.size(), [&](auto in_file, auto in_array, auto length) { file.read(in_file, {bytes.data() + (in_array - begin), length}); });
    else hdf5::read_rows(open.dataset, array.spec, first, rows, bytes.data(), {plan.path, array.path});
    use(bytes);
  }
}

}  // namespace

std::vector<ReadPiece> pieces_of(const DatasetPlan& plan, const Share& share) {
  const auto shares = static_cast<std::size_t>(share.count);
  std::size_t total = 0, before = 0;
  for (const auto& array : plan.arrays) total += array.spec.bytes();
  const std::size_t wanted = std::clamp(round_up(total / (shares * kPiecesPerShare), kBlockBytes), kBlockBytes, kMaxPiece);
  std::vector<ReadPiece> pieces;
  for (std::size_t i = 0; i < plan.arrays.size(); ++i) {
    const auto& array = plan.arrays[i];
    const std::size_t unit = array.direct ? kBlockBytes : static_cast<std::size_t>(array.chunk_rows) * array.spec.row_bytes();
    const std::size_t step = std::max(wanted / unit, std::size_t{1}) * unit, bytes = array.spec.bytes();
    for (std::size_t begin = 0; begin < bytes; begin += step) {
      // A piece belongs to the share in which its first byte falls when all bytes are divided evenly.
      if (static_cast<std::int64_t>((before + begin) * shares / total) == share.index) pieces.push_back({i, begin, std::min(step, bytes - begin)});
    }
    before += bytes;
  }
  return pieces;
}

std::vector<std::uint64_t> read_pieces(const DatasetPlan& plan, const Share& share, std::byte* storage) {
  const auto processors = static_cast<std::int64_t>(std::thread::hardware_concurrency());
  const std::int64_t threads = std::clamp<std::int64_t>(processors / share.count, 1, kMaxThreads);
  // A rank's pieces are cut among its own threads: their number may differ from rank to rank.
  const auto pieces = pieces_of(plan, share);
  std::vector<std::vector<std::uint64_t>> damaged(static_cast<std::size_t>(threads));
  std::vector<std::exception_ptr> failures(damaged.size());
  const auto read = [&](std::int64_t thread) {
    const auto own = static_cast<std::size_t>(thread);
    try {
      const auto [first, end] = Share{thread, threads}.of(std::ssize(pieces));
      read_direct(plan, {pieces.begin() + first, pieces.begin() + end}, storage, damaged[own]);
      if (thread == 0 && storage != nullptr) read_indirect(plan, share, storage);
    } catch (...) {
      failures[own] = std::current_exception();
    }
  };
  {
    std::vector<std::jthread> others;
    for (std::int64_t thread = 1; thread < threads; ++thread) others.emplace_back(read, thread);
    read(0);
  }
  std::vector<std::uint64_t> all;
  for (std::size_t i = 0; i < damaged.size(); ++i) {
    if (failures[i]) std::rethrow_exception(failures[i]);
    all.insert(all.end(), damaged[i].begin(), damaged[i].end());
  }
  return all;
}

std::vector<std::uint64_t> verify_indirect(const DatasetPlan& plan, const Share& share, const std::byte* storage) {
  std::vector<std::uint64_t> damaged;
  if (plan.blocks.empty()) return damaged;
  for (const auto& array : plan.arrays) {
    if (array.direct) continue;
    const auto [first, end] = share.of(static_cast<std::int64_t>(block_count(array.spec.bytes())));
    for (auto block = static_cast<std::size_t>(first); block < static_cast<std::size_t>(end); ++block)
      if (block_checksum(block_of(array, storage, block)) != plan.blocks[array.first_block + block]) damaged.push_back(array.first_block + block);
  }
  return damaged;
}

std::string block_place(const DatasetPlan& plan, std::uint64_t number) {
  const auto array = std::find_if(plan.arrays.rbegin(), plan.arrays.rend(), [&](const PlannedArray& a) { return a.first_block <= number && a.spec.bytes() > 0; });
  const std::size_t block = number - array->first_block, begin = block * kBlockBytes, end = std::min(begin + kBlockBytes, array->spec.bytes());
  const std::size_t row = array->spec.row_bytes();
  return fmt::format("{}: block {} (bytes {} to {}, rows {} to {})", array->path, block, begin, end - 1, begin / row, (end - 1) / row);
}

void refuse_damage(MPI_Comm comm, const DatasetPlan& plan, const std::vector<std::uint64_t>& damaged, bool name_all) {
  // One byte a block: more than one rank may find the same one, each host in its own copy.
  std::vector<std::uint8_t> flags;
  collectively(comm, [&] {
    flags.resize(plan.blocks.size());
    for (const auto block : damaged) flags[block] = 1;
  });
  check_mpi(MPI_Allreduce(MPI_IN_PLACE, flags.data(), mpi_count(std::ssize(flags), "exchanging damaged blocks"), MPI_UINT8_T, MPI_MAX, comm), "exchanging damaged blocks");
  const auto count = std::count(flags.begin(), flags.end(), 1);
  if (count == 0) return;
  std::string places;
  for (std::size_t block = 0; block < flags.size(); ++block) {
    if (flags[block] == 0) continue;
    if (count == 1 || !name_all) {
      const auto more = count == 1 ? std::string() : fmt::format("; so do {} more, which `xxact inspect --verify` names", count - 1);
      throw InputError("{}: {} does not match its checksum: the file was damaged after it was written{}", plan.path.string(), block_place(plan, block), more);
    }
    places += "\n  " + block_place(plan, block);
  }
  throw InputError("{}: {} blocks do not match their checksums: the file was damaged after it was written:{}", plan.path.string(), count, places);
}

void verify_blocks(MPI_Comm comm, const DatasetPlan& plan) {
  if (plan.blocks.empty()) return;
  int rank = 0, ranks = 1;
  check_mpi(MPI_Comm_rank(comm, &rank), "asking for the rank");
  check_mpi(MPI_Comm_size(comm, &ranks), "asking for the number of ranks");
  std::vector<std::uint64_t> damaged;
  collectively(comm, [&] { damaged = read_pieces(plan, {rank, ranks}, nullptr); });
  refuse_damage(comm, plan, damaged, false);
}

void verify_dataset(const DatasetPlan& plan, HashCheck check) {
  const bool all = check == HashCheck::verify;
  std::vector<std::uint64_t> damaged;
  if (!all && !plan.blocks.empty()) damaged = read_pieces(plan, {0, 1}, nullptr);
  std::vector<Sha256Digest> digests;
  for (const auto& array : plan.arrays) {
    if (!all && (array.direct || plan.blocks.empty())) continue;
    Sha256 hash;
    BlockHasher hasher;
    for_bytes(plan, array, [&](auto bytes) {
      if (all) hash.update(bytes);
      if (!plan.blocks.empty()) hasher.update(bytes);
    });
    digests.push_back(hash.finish());
    const auto blocks = hasher.finish();
    for (std::size_t block = 0; block < blocks.size(); ++block)
      if (blocks[block] != plan.blocks[array.first_block + block]) damaged.push_back(array.first_block + block);
  }
  refuse_damage(MPI_COMM_SELF, plan, damaged, all);
  if (all) require_content_hash(plan, digests);
}

void require_content_hash(const DatasetPlan& plan, const std::vector<Sha256Digest>& digests) {
  std::vector<std::string> paths;
  for (const auto& array : plan.arrays) paths.push_back(array.path);
  const auto hash = content_hash(paths, digests);
  if (hash != plan.content_hash)
    throw InputError("{}: its content has the hash {}, its attribute content_hash says {}: it was changed after it was written", plan.path.string(), hash, plan.content_hash);
}

}  // namespace xxact::io
