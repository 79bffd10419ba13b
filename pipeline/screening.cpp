#include "pipeline/screening.hpp"

#include <algorithm>
#include <chrono>
#include <fstream>
#include <numeric>

#include "io/results_file.hpp"
#include "pipeline/ranking.hpp"
#include "pipeline/run_folder.hpp"
#include "src/base/elements.hpp"
#include "src/base/error.hpp"
#include "src/base/progress.hpp"

namespace xxact::pipeline {
namespace {

constexpr std::int64_t kFirstRound = 1024, kLargestRound = 1 << 20;  // rows a rank
constexpr double kRoundSeconds = 30;
constexpr std::int64_t kRankedBlock = 65536;

/// Records that ingest rejected, from FILE.rejects.jsonl, as result rows without prediction.
io::ResultRows rejected_rows(const std::filesystem::path& dataset, std::size_t labels, const RankedColumns& columns) {
  io::ResultRows rows;
  constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
  rows.predictions.resize(labels);
  std::ifstream in(dataset.string() + ".rejects.jsonl");
  for (std::string line; std::getline(in, line);) {
    const auto json = nlohmann::json::parse(line, nullptr, false);
    if (json.is_discarded()) throw InputError("{}.rejects.jsonl: line {} is not JSON", dataset.string(), rows.size() + 1);
    const auto text = [&](const char* key) {
      const auto found = json.find(key);
      return found == json.end() ? std::string() : found->is_string() ? found->get<std::string>() : found->dump();
    };
    rows.id.push_back(text("record"));
    rows.source.push_back(text("source"));
    rows.formula.emplace_back();
    rows.status.push_back(static_cast<std::uint8_t>(RowStatus::rejected_at_ingest));
    rows.reason.push_back(text("reason"));
    for (auto& p : rows.predictions)
      for (auto* column : {&p.value, &p.std, &p.lo90, &p.hi90}) column->push_back(kNaN);
    if (columns.crystal_systems) rows.crystal_system_probability.insert(rows.crystal_system_probability.end(), kCrystalSystems, kNaN);
    if (columns.space_groups) {
      rows.space_group.push_back(0);
      rows.space_group_probability.push_back(kNaN);
    }
    if (columns.metals) rows.metal_probability.push_back(kNaN);
  }
  return rows;
}

/// Rows of several datasets, one after the other.
class AllRows {
 public:
  explicit AllRows(std::vector<streaming::RowSource>& data) : data_(data) {
    for (const auto& source : data) rows_ += source.rows();
  }
  std::int64_t rows() const { return rows_; }

  /// The last row that is not behind `row` and begins a batch, where the batches of each dataset follow each other from its first row; rows() for rows().
  std::int64_t batch_start(std::int64_t row, std::int64_t batch) const {
    std::int64_t before = 0;
    for (const auto& source : data_) {
      if (row < before + source.rows()) return before + (row - before) / batch * batch;
      before += source.rows();
    }
    return before;
  }

  /// Calls visit(dataset, its rows from, to) for what rows [first, end) of all are made of, in multiples of `unit` rows but for the last of each dataset's.
  template <class Visit>
  void visit(std::int64_t first, std::int64_t end, std::int64_t unit, Visit&& visit) {
    std::int64_t before = 0;
    for (auto& source : data_) {
      const auto low = std::max<std::int64_t>(0, first - before), high = std::min(source.rows(), end - before);
      before += source.rows();
      if (low < high) source.visit(low, high, unit, visit);
    }
  }

 private:
  std::vector<streaming::RowSource>& data_;
  std::int64_t rows_ = 0;
};

/// One screening on its way: rounds of predictions, each written before the next one begins.
class Screening {
 public:
  Screening(std::vector<LoadedModel>& models, std::vector<streaming::RowSource>& data, const ScreeningOptions& options, const torch::Device& device, const comm::Communicator& comm)
      : models_(models), data_(data), all_(data), options_(options), device_(device), comm_(comm) {
    for (const auto& source : data) hashes_ += (hashes_.empty() ? "" : ",") + source.content_hash();
    description_ = describe_results(models, hashes_, options.program_version);
    description_.attributes["shown"] = std::string(shown_name(options.inference.showing.inputs));
    const auto tasks = tasks_of(models);
    const auto has = [&](model::Task task) { return std::ranges::find(tasks, task) != tasks.end(); };
    columns_ = {has(model::Task::crystal_system), has(model::Task::space_group),
                std::ranges::any_of(models, [](const LoadedModel& loaded) {
                  const auto& config = loaded.description.config.model;
                  return config.is_mixture(model::Task::band_gap) && std::ranges::find(config.tasks, model::Task::band_gap) != config.tasks.end();
                })};
    // What never became a row of a dataset stands at the end of the table.
    if (comm.rank() + 1 == comm.size())
      for (const auto& source : data) append_rows(rejected_, rejected_rows(source.path(), description_.labels.size(), columns_));
  }

  nlohmann::json run() {
    const auto start = Clock::now();
    const auto table = options_.output / "predictions.h5";
    Ranking ranking(description_, columns_, options_.rank_by.column, options_.rank_by.descending, options_.top);
    std::int64_t predicted = 0;
    {
      io::ResultsFile file(comm_.handle(), table, layout(), description_.attributes.at("model_hash") + " " + hashes_ + " " + options_.program_version + " " + description_.attributes.at("shown"));
      predicted = all_.rows() - std::min(file.done(), all_.rows());
      predict_rounds(file);
      const auto total = all_.rows() + total_rejected_;
      if (file.done() < total) file.write(all_.rows(), rejected_, total);
      file.finish();
    }
    const auto inferred = Clock::now();
    const auto count = look_through(table, ranking);
    const auto csv = ranking.csv(comm_);
    std::array<double, 2> seconds = {std::chrono::duration<double>(inferred - start).count(), std::chrono::duration<double>(Clock::now() - start).count()};
    comm_.max(seconds, "gathering times");
    const auto summary = summarise(count, static_cast<double>(predicted) / seconds[0], seconds[1]);
    if (comm_.root()) {
      write_file_atomically(options_.output / "ranking.csv", csv);
      write_file_atomically(options_.output / "summary.json", summary.dump(2) + "\n");
    }
    comm_.barrier("end of screening");
    return summary;
  }

 private:
  using Clock = std::chrono::steady_clock;

  /// Collective. The widths of the texts must be known before the first row is written.
  io::ResultLayout layout() {
    io::ResultLayout layout = io::layout_of(rejected_, description_);
    layout.standard_deviations = layout.intervals = !description_.labels.empty();
    layout.crystal_systems = columns_.crystal_systems;
    layout.space_groups = columns_.space_groups;
    layout.metals = columns_.metals;
    const auto share = comm::share_of(all_.rows(), comm_.rank(), comm_.size());
    all_.visit(share.first, share.last, 1, [&](const io::Dataset& dataset, std::int64_t low, std::int64_t high) {
      for (auto row = low; row < high; ++row) {
        layout.id_width = std::max(layout.id_width, dataset.id(row).size());
        layout.formula_width = std::max(layout.formula_width, dataset.formula(row).size());
      }
    });
    for (const auto& source : data_)
      for (const auto& name : source.sources()) layout.source_width = std::max(layout.source_width, name.size());
    layout.rows += share.count();
    layout = io::agree_on_layout(comm_.handle(), layout);
    total_rejected_ = layout.rows - all_.rows();
    return layout;
  }

  /// A prediction depends in its last bits on what else is in the batch (products of other shapes are summed in another order), so ranks and rounds end
  /// where batches do: rows are in the same batches whatever the number of ranks, their speed and interruptions.
  void predict_rounds(io::ResultsFile& file) {
    Progress progress("screening", "structures", all_.rows(), comm_.root() && options_.progress, std::min(file.done(), all_.rows()));
    const auto batch = options_.inference.batch;
    const auto least = std::max(kFirstRound, batch) * comm_.size();
    auto rows = least;
    while (file.done() < all_.rows()) {
      const auto begin = Clock::now();
      const std::int64_t first = file.done(), end = all_.batch_start(std::min(first + rows, all_.rows()), batch), count = end - first;
      // Borders between ranks are the ends of batches that are nearest to equal shares.
      const auto from = [&](int rank) { return rank == comm_.size() ? end : std::clamp(all_.batch_start(first + count * rank / comm_.size() + batch / 2, batch), first, end); };
      const auto own = comm_.root() ? first : from(comm_.rank()), own_end = from(comm_.rank() + 1);
      file.write(own, predict(own, own_end, progress), end);
      progress.update(end);
      std::array<double, 1> seconds = {std::chrono::duration<double>(Clock::now() - begin).count()};
      comm_.max(seconds, "timing a round");
      // An interruption costs a round; a round costs the start and the end of a loader.
      const double wanted = static_cast<double>(count) * kRoundSeconds / std::max(seconds[0], 1e-3);
      const auto of_all = batch * comm_.size();
      rows = std::clamp(static_cast<std::int64_t>(wanted) / of_all * of_all, least, std::max(least, kLargestRound * comm_.size()));
    }
  }

  io::ResultRows predict(std::int64_t first, std::int64_t end, Progress& progress) {
    io::ResultRows out;
    all_.visit(first, end, options_.inference.batch, [&](const io::Dataset& dataset, std::int64_t low, std::int64_t high) {
      std::vector<std::int64_t> own(static_cast<std::size_t>(high - low));
      std::iota(own.begin(), own.end(), low);
      auto inference = options_.inference;
      const auto models = static_cast<std::int64_t>(models_.size());
      // Rank 0 speaks for all: the others are as far in their shares.
      inference.progress = [&, before = std::ssize(out.status)](std::int64_t now) { progress.update(first + (before + now / models) * comm_.size()); };
      append_rows(out, predict_rows(models_, dataset, own, device_, inference));
    });
    return out;
  }

  /// Collective. Counts the rows of each status, and ranks them.
  std::array<double, 3> look_through(const std::filesystem::path& table, Ranking& ranking) const {
    std::array<double, 3> count = {};
    const auto share = comm::share_of(all_.rows() + total_rejected_, comm_.rank(), comm_.size());
    for (auto first = share.first; first < share.last; first += kRankedBlock) {
      const auto rows = io::read_results(table, first, std::min(kRankedBlock, share.last - first)).rows;
      for (const auto status : rows.status) {
        if (status >= count.size()) throw InputError("{}: /status: a row from {} on is {}, which means nothing in a whole table", table.string(), first, status);
        ++count[status];
      }
      ranking.add(rows, first);
    }
    comm_.sum(count, "counting rows");
    return count;
  }

  nlohmann::json summarise(const std::array<double, 3>& count, double rate, double seconds) const {
    nlohmann::json paths = nlohmann::json::array(), data = nlohmann::json::array();
    for (const auto& loaded : models_) paths.push_back(loaded.path.string());
    for (const auto& source : data_) data.push_back(source.path().string());
    return {{"rows", static_cast<std::int64_t>(count[0] + count[1] + count[2])}, {"ok", static_cast<std::int64_t>(count[0])}, {"not_predictable", static_cast<std::int64_t>(count[1])},
            {"rejected", static_cast<std::int64_t>(count[2])}, {"rank_by", options_.rank_by.column}, {"order", options_.rank_by.descending ? "desc" : "asc"},
            {"seconds", seconds}, {"structures_per_s", rate}, {"ranks", comm_.size()}, {"models", paths}, {"data", data},
            {"model_hash", description_.attributes.at("model_hash")}, {"dataset_hash", hashes_}, {"program_version", options_.program_version}};
  }

  std::vector<LoadedModel>& models_;
  std::vector<streaming::RowSource>& data_;
  AllRows all_;
  const ScreeningOptions& options_;
  const torch::Device& device_;
  const comm::Communicator& comm_;
  std::string hashes_;
  io::ResultDescription description_;
  RankedColumns columns_;
  io::ResultRows rejected_;     // on the last rank
  std::int64_t total_rejected_ = 0;
};

}  // namespace

RankBy parse_rank_by(const std::string& text) {
  const auto colon = text.rfind(':');
  if (colon == std::string::npos) return {text, false};
  const auto direction = text.substr(colon + 1);
  if (direction != "asc" && direction != "desc") throw ConfigError("--rank-by '{}': the part after ':' is neither asc nor desc; example: band_gap:desc", text);
  return {text.substr(0, colon), direction == "desc"};
}

nlohmann::json screen(std::vector<LoadedModel>& models, std::vector<streaming::RowSource>& data, const ScreeningOptions& options, const torch::Device& device, const comm::Communicator& comm) {
  return Screening(models, data, options, device, comm).run();
}

}  // namespace xxact::pipeline
