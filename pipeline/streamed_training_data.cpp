#include "pipeline/streamed_training_data.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "io/collective_step.hpp"
#include "io/dataset_reader.hpp"
#include "io/row_reader.hpp"
#include "src/base/error.hpp"

namespace xxact::pipeline {
namespace {

constexpr std::size_t kSelectedBlock = 4096;  // rows; whole words of the bitmaps

/// What a pass over all rows finds out about them, in memory that a host's ranks share.
struct Survey {
  std::size_t rows, words, blocks, keys;
  streaming::HostArrays arrays;
  std::span<std::uint64_t> train, validation;    // bitmaps
  std::span<std::uint64_t> key;                  // [rows] that subsets are taken by, if one is taken
  std::span<std::uint16_t> stratum;              // [rows] likewise
  std::span<std::array<std::int64_t, 3>> split;  // [blocks]
  std::span<std::int64_t> elements;              // [blocks], the most of a composition
  std::vector<std::string> unusable;             // [blocks], lines; those of this rank's blocks

  Survey(const io::HostRanks& host, std::int64_t row_count, bool subset)
      : rows(static_cast<std::size_t>(row_count)), words((rows + 63) / 64), blocks((rows + kSelectedBlock - 1) / kSelectedBlock), keys(subset ? rows : 0),
        arrays(host, 2 * streaming::HostArrays::bytes_of<std::uint64_t>(words) + streaming::HostArrays::bytes_of<std::uint64_t>(keys) + streaming::HostArrays::bytes_of<std::uint16_t>(keys) +
                         streaming::HostArrays::bytes_of<std::array<std::int64_t, 3>>(blocks) + streaming::HostArrays::bytes_of<std::int64_t>(blocks)),
        train(arrays.take<std::uint64_t>(words)), validation(arrays.take<std::uint64_t>(words)), key(arrays.take<std::uint64_t>(keys)), stratum(arrays.take<std::uint16_t>(keys)),
        split(arrays.take<std::array<std::int64_t, 3>>(blocks)), elements(arrays.take<std::int64_t>(blocks)), unusable(blocks) {}

  sampling::RowSelection selection(std::span<const std::uint64_t> bitmap) const { return {static_cast<std::int64_t>(rows), {bitmap.begin(), bitmap.end()}}; }
};

/// One thread's work on the survey.
class Surveyor {
 public:
  Surveyor(const RunConfig& config, Survey& survey) : config_(config), survey_(survey), judge_(config) {}

  void visit(const io::Dataset& rows, std::int64_t block) {
    const Labels labels(rows, config_.model.tasks, false);
    const auto first = static_cast<std::size_t>(block) * kSelectedBlock;
    const auto keep = [&](Subset subset, std::span<std::uint64_t> bitmap) {
      const auto selected = select_rows(rows, subset, labels, config_.model.tasks, config_.model.objectives.empty());
      selected.for_each([&](std::int64_t row) {
        const auto reason = judge_.refusal(rows, row);
        if (!reason.empty()) survey_.unusable[static_cast<std::size_t>(block)] += fmt::format("{}: {}\n", rows.id(row), reason);
        else bitmap[(first + static_cast<std::size_t>(row)) / 64] |= std::uint64_t{1} << (row % 64);
      });
    };
    keep(Subset::train, survey_.train);
    keep(Subset::validation, survey_.validation);
    for (const auto part : rows.split())
      if (part < 3) ++survey_.split[static_cast<std::size_t>(block)][part];
    auto& most = survey_.elements[static_cast<std::size_t>(block)];
    for (std::int64_t row = 0; row < rows.size(); ++row) most = std::max(most, static_cast<std::int64_t>(rows.composition(row).atomic_number.size()));
    if (survey_.key.empty()) return;
    const auto strata = strata_of(rows, config_.model.tasks);
    for (std::int64_t row = 0; row < rows.size(); ++row) {
      const auto at = first + static_cast<std::size_t>(row);
      survey_.key[at] = sampling::record_key(static_cast<std::uint64_t>(config_.training.subset_seed), rows.id(row));
      survey_.stratum[at] = static_cast<std::uint16_t>(strata(row));
    }
  }

 private:
  const RunConfig& config_;
  Survey& survey_;
  RowJudge judge_;
};

bool has_label(const io::DatasetPlan& plan, model::Task task) {
  return std::ranges::any_of(plan.description->labels, [&](const auto& label) { return label.name == model::task_name(task); });
}

/// Strata of every part of the file, which know the same labels.
int count_strata(const io::DatasetPlan& plan, const std::vector<model::Task>& tasks) {
  const auto labels = std::ranges::count_if(tasks, [&](auto task) { return model::is_regression(task) && has_label(plan, task); });
  return sampling::RowStrata::count_of(static_cast<std::size_t>(labels), true);
}

}  // namespace

StreamedTrainingData::StreamedTrainingData(io::DatasetPlan plan, const RunConfig& config, const comm::Communicator& comm, int threads, std::uint64_t memory)
    : plan_(std::move(plan)), comm_(comm), tasks_(config.model.tasks), host_(comm.handle()) {
  for (const auto task : tasks_)
    if (!model::follows_from_structure(task) && !has_label(plan_, task)) throw InputError("{} has no label \"{}\"", plan_.path.string(), model::task_name(task));
  facts_ = {plan_.path, plan_.content_hash, plan_.description->source, plan_.description->licence, plan_.description->split_rule, plan_.rows(), {},
            static_cast<double>(plan_.extents().entries) / static_cast<double>(std::max<std::int64_t>(plan_.rows(), 1)), 0};
  io::require_readable_in_parts(plan_);
  io::verify_blocks(comm.handle(), plan_);
  select_rows(config, threads, memory);
  samples_ = train_.size();
  count_rows(config, threads);
  order_rows(config, memory);
}

void StreamedTrainingData::select_rows(const RunConfig& config, int threads, std::uint64_t memory) {
  const auto rows = plan_.rows();
  Survey survey(host_, rows, std::min(config.training.train_fraction, config.training.validation_fraction) < 1);
  const auto& share = survey.arrays.share();
  std::vector<Surveyor> surveyors;
  for (int i = 0; i < threads; ++i) surveyors.emplace_back(config, survey);
  io::collectively(comm_.handle(), [&] {
    streaming::visit_blocks(plan_, {rows, std::int64_t{kSelectedBlock}}, {share, threads}, [&](const io::Dataset& read, std::int64_t block, int thread) { surveyors[static_cast<std::size_t>(thread)].visit(read, block); });
  });
  for (const auto& block : survey.split)
    for (std::size_t part = 0; part < block.size(); ++part) facts_.split[part] += block[part];
  for (const auto most : survey.elements) facts_.most_elements = std::max(facts_.most_elements, most);
  const comm::Communicator host(host_.comm());
  const auto own = std::accumulate(survey.unusable.begin(), survey.unusable.end(), std::string());
  for (const auto& text : host.gather(share.count > 1 || host.root() ? own : std::string(), 0, "gathering unusable rows"))
    if (!text.empty() && comm_.root()) unusable_.push_back(text);
  const auto key = survey.key;
  const auto stratum = survey.stratum;
  const sampling::SubsetRules rules{[key](std::int64_t row) { return key[static_cast<std::size_t>(row)]; },
                                    [stratum](std::int64_t row) { return static_cast<int>(stratum[static_cast<std::size_t>(row)]); }, count_strata(plan_, tasks_)};
  train_ = subset_of_fraction(survey.selection(survey.train), config.training.train_fraction, rules, threads);
  const auto validation = subset_of_fraction(survey.selection(survey.validation), config.training.validation_fraction, rules, threads);
  gather_validation(validation, config, threads, memory);
}

void StreamedTrainingData::gather_validation(const sampling::RowSelection& rows, const RunConfig& config, int threads, std::uint64_t memory) {
  const double bytes = static_cast<double>(plan_.bytes) * static_cast<double>(rows.size()) / static_cast<double>(plan_.rows());
  if (bytes > static_cast<double>(memory))
    throw ConfigError("{}: {} validation rows take about {:.1f} GiB, structures may take {:.1f} GiB of a node: validate on some of them, e.g. --validation-fraction {:.2g}", plan_.path.string(), rows.size(), bytes / 0x1p30,
                      static_cast<double>(memory) / 0x1p30, config.training.validation_fraction * static_cast<double>(memory) / bytes / 10);
  validation_dataset_ = streaming::gather_rows(comm_.handle(), host_, plan_, rows, threads);
  validation_labels_.emplace(validation_dataset_, tasks_, false);
  validation_ = {&validation_dataset_, &*validation_labels_, std::vector<std::int64_t>(static_cast<std::size_t>(validation_dataset_.size()))};
  std::iota(validation_.rows.begin(), validation_.rows.end(), 0);
}

void StreamedTrainingData::count_rows(const RunConfig& config, int threads) {
  const auto blocks = static_cast<std::size_t>(streaming::Blocks{plan_.rows(), config.training.window_block}.count());
  selected_.emplace(plan_, train_, config.training.window_block, host_, streaming::HostArrays::bytes_of<LabelMoments>(blocks));
  const auto moments = selected_->arrays().take<LabelMoments>(blocks);
  io::collectively(comm_.handle(), [&] {
    const streaming::PassOptions options{selected_->share(), threads, [&](std::int64_t block) { return selected_->filled(block); }};
    streaming::visit_blocks(plan_, selected_->blocks(), options, [&](const io::Dataset& read, std::int64_t block, int) {
      selected_->count(read, block);
      const Labels labels(read, tasks_, false);
      LabelMoments own;
      for (const auto row : selected_->rows_of(block)) own.add(labels, tasks_, row);
      moments[static_cast<std::size_t>(block)] = own;
    });
  });
  LabelMoments all;
  for (const auto& block : moments) all.add(block);
  standardisation_ = standardise(all, tasks_, plan_.path);
}

void StreamedTrainingData::order_rows(const RunConfig& config, std::uint64_t memory) {
  const auto& t = config.training;
  order_.emplace(static_cast<std::uint64_t>(t.seed), train_, sampling::WindowShape{t.window_block, t.window_rows / t.window_block});
  // A batch may lie in two windows, not in three: both that are in memory.
  std::vector<std::int64_t> sizes;
  for (const auto block : order_->filled()) sizes.push_back(selected_->extents(block).rows);
  const auto end = sizes.begin() + order_->fewest_blocks();
  std::partial_sort(sizes.begin(), end, sizes.end());
  const auto fewest = std::accumulate(sizes.begin(), end, std::int64_t{0});
  if (samples_ < t.global_batch) throw ConfigError("{} training rows are fewer than the {} samples of a batch: hold the dataset whole (window-rows = 0)", samples_, t.global_batch);
  if (fewest < t.global_batch)
    throw ConfigError("window-rows = {}: a window may hold {} training rows, fewer than the {} samples of a batch; make windows larger, about --window-rows {}", t.window_rows, fewest,
                      t.global_batch, t.window_rows * (t.global_batch / std::max<std::int64_t>(fewest, 1) + 1));
  const auto windows = io::kWindows * window_bytes();
  const double bytes = static_cast<double>(windows + validation_dataset_.bytes());
  if (bytes > static_cast<double>(memory))
    throw ConfigError("windows of {} rows, of which {} lie in memory, and the validation rows take {:.2f} GiB; structures may take {:.2f} GiB of a node: smaller --window-rows, or --validation-fraction", t.window_rows,
                      io::kWindows, bytes / 0x1p30, static_cast<double>(memory) / 0x1p30);
  // Where the host grants no shared memory, each rank has windows of its own.
  if (host_.ranks() > 1 && io::shared_memory_free() < static_cast<std::uint64_t>(windows) && bytes * host_.ranks() > static_cast<double>(memory))
    throw ConfigError("windows of {} rows take {:.2f} GiB of memory that the {} ranks of a host share, and /dev/shm has {:.2f} GiB free: enlarge it (mount -o remount,size=...), or smaller --window-rows", t.window_rows,
                      static_cast<double>(windows) / 0x1p30, host_.ranks(), static_cast<double>(io::shared_memory_free()) / 0x1p30);
}

std::int64_t StreamedTrainingData::window_bytes() const { return static_cast<std::int64_t>(io::plan_of_extents(plan_, selected_->most(order_->most_blocks())).bytes); }

std::string StreamedTrainingData::describe() const {
  return fmt::format("streamed in {} windows an epoch; {} of at most {:.1f} MiB and {:.1f} MiB of validation rows in memory, once a host", order_->windows(), io::kWindows,
                     static_cast<double>(window_bytes()) / (1 << 20), static_cast<double>(validation_dataset_.bytes()) / (1 << 20));
}

std::shared_ptr<const sampling::WindowedEpoch> StreamedTrainingData::epoch(std::int64_t number) {
  const std::lock_guard lock(mutex_);
  auto& [kept, value] = epochs_[static_cast<std::size_t>(number % 2)];
  if (kept != number) {
    value = std::make_shared<const sampling::WindowedEpoch>(order_->epoch(number));
    kept = number;
  }
  return value;
}

const Labels& StreamedTrainingData::labels_of(std::int64_t window, const io::Dataset& rows) {
  const std::lock_guard lock(mutex_);
  auto& [kept, value] = labels_[static_cast<std::size_t>(window % io::kWindows)];
  if (kept != window) {
    value = std::make_shared<const Labels>(rows, tasks_, false);
    kept = window;
  }
  return *value;
}

std::int64_t StreamedTrainingData::window_at(std::int64_t position) {
  const auto number = position / samples_;
  return number * order_->windows() + epoch(number)->window_of(position % samples_);
}

void StreamedTrainingData::begin(std::int64_t first, std::int64_t end) {
  windows_.reset();
  labels_ = {};
  if (end > first) windows_.emplace(comm_.handle(), host_, *selected_, *order_, window_at(first), window_at(end - 1) + 1);
}

void StreamedTrainingData::visit(std::int64_t first, std::int64_t count, std::vector<SampleRequest>& out) {
  std::shared_ptr<const sampling::WindowedEpoch> table;
  const io::Dataset* rows = nullptr;
  const Labels* labels = nullptr;
  std::int64_t number = -1, window = -1;
  for (auto position = first; position < first + count; ++position) {
    if (const auto n = position / samples_; n != number) table = epoch(number = n);
    const auto at = table->visit_at(position % samples_);
    if (const auto w = number * order_->windows() + at.window; w != window) {
      rows = &windows_->wait_for(window = w);
      labels = &labels_of(window, *rows);
    }
    out.push_back({rows, labels, at.place, number, at.sample});
  }
}

void StreamedTrainingData::used_before(std::int64_t position) {
  if (windows_) windows_->release_before(window_at(position));
}

void StreamedTrainingData::end() {
  if (windows_) windows_->cancel();
}

}  // namespace xxact::pipeline
