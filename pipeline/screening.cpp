#include "pipeline/screening.hpp"

#include <chrono>
#include <fstream>

#include "pipeline/ranking.hpp"
#include "pipeline/run_folder.hpp"
#include "src/base/elements.hpp"
#include "src/base/error.hpp"
#include "src/base/progress.hpp"

namespace xxact::pipeline {
namespace {

/// Records that ingest rejected, from FILE.rejects.jsonl, as result rows without prediction.
io::ResultRows rejected_rows(const io::Dataset& dataset, std::size_t labels, bool classes) {
  io::ResultRows rows;
  constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
  rows.predictions.resize(labels);
  std::ifstream in(dataset.path().string() + ".rejects.jsonl");
  for (std::string line; std::getline(in, line);) {
    const auto json = nlohmann::json::parse(line, nullptr, false);
    if (json.is_discarded()) throw InputError("{}.rejects.jsonl: line {} is not JSON", dataset.path().string(), rows.size() + 1);
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
    if (classes) rows.crystal_system_probability.insert(rows.crystal_system_probability.end(), kCrystalSystems, kNaN);
  }
  return rows;
}

/// This rank's contiguous share of all rows of all datasets, in order.
io::ResultRows predict_share(std::vector<LoadedModel>& models, const std::vector<io::Dataset>& datasets, const ScreeningOptions& options, const torch::Device& device, const comm::Communicator& comm) {
  std::int64_t total = 0, first = 0, done = 0;
  for (const auto& dataset : datasets) total += dataset.size();
  const auto share = comm::share_of(total, comm.rank(), comm.size());
  Progress progress("screening", "structures", share.count() * std::ssize(models), comm.root() && options.progress);
  io::ResultRows rows;
  for (const auto& dataset : datasets) {
    const auto low = std::max<std::int64_t>(0, share.first - first), high = std::min(dataset.size(), share.last - first);
    first += dataset.size();
    if (low >= high) continue;
    std::vector<std::int64_t> own(static_cast<std::size_t>(high - low));
    for (std::size_t i = 0; i < own.size(); ++i) own[i] = low + static_cast<std::int64_t>(i);
    auto inference = options.inference;
    inference.progress = [&progress, done](std::int64_t now) { progress.update(done + now); };
    append_rows(rows, predict_rows(models, dataset, own, device, inference));
    done += std::ssize(own) * std::ssize(models);
  }
  return rows;
}

}  // namespace

RankBy parse_rank_by(const std::string& text) {
  const auto colon = text.rfind(':');
  if (colon == std::string::npos) return {text, false};
  const auto direction = text.substr(colon + 1);
  if (direction != "asc" && direction != "desc") throw ConfigError("--rank-by '{}': the part after ':' is neither asc nor desc; example: band_gap:desc", text);
  return {text.substr(0, colon), direction == "desc"};
}

nlohmann::json screen(std::vector<LoadedModel>& models, const std::vector<io::Dataset>& datasets, const ScreeningOptions& options, const torch::Device& device, const comm::Communicator& comm) {
  const auto start = std::chrono::steady_clock::now();
  std::string hashes;
  for (const auto& dataset : datasets) hashes += (hashes.empty() ? "" : ",") + dataset.content_hash();
  const auto description = describe_results(models, hashes, options.program_version);
  const auto tasks = tasks_of(models);
  const bool classes = std::find(tasks.begin(), tasks.end(), model::Task::crystal_system) != tasks.end();

  auto rows = predict_share(models, datasets, options, device, comm);
  const auto inferred = std::chrono::steady_clock::now();
  // The last rank adds what never became a row of a dataset, so that it stands at the end of the file.
  if (comm.rank() + 1 == comm.size())
    for (const auto& dataset : datasets) append_rows(rows, rejected_rows(dataset, description.labels.size(), classes));
  std::array<double, 3> count = {};
  for (const auto status : rows.status) ++count[status];
  comm.sum(count, "counting rows");

  const auto csv = ranking_csv(rows, description, options.rank_by.column, options.rank_by.descending, options.top, comm);
  std::filesystem::create_directories(options.output);
  io::write_results(comm.handle(), options.output / "predictions.h5", rows, description);
  std::array<double, 2> seconds = {std::chrono::duration<double>(inferred - start).count(), std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count()};
  comm.max(seconds, "gathering times");
  const double total = count[0] + count[1] + count[2];
  nlohmann::json paths = nlohmann::json::array(), data = nlohmann::json::array();
  for (const auto& loaded : models) paths.push_back(loaded.path.string());
  for (const auto& dataset : datasets) data.push_back(dataset.path().string());
  nlohmann::json summary = {{"rows", static_cast<std::int64_t>(total)}, {"ok", static_cast<std::int64_t>(count[0])}, {"not_predictable", static_cast<std::int64_t>(count[1])},
                            {"rejected", static_cast<std::int64_t>(count[2])}, {"rank_by", options.rank_by.column}, {"order", options.rank_by.descending ? "desc" : "asc"},
                            {"seconds", seconds[1]}, {"structures_per_s", (count[0] + count[1]) / seconds[0]}, {"ranks", comm.size()}, {"models", paths}, {"data", data},
                            {"model_hash", description.attributes.at("model_hash")}, {"dataset_hash", hashes}, {"program_version", options.program_version}};
  if (comm.root()) {
    write_file_atomically(options.output / "ranking.csv", csv);
    write_file_atomically(options.output / "summary.json", summary.dump(2) + "\n");
  }
  comm.barrier("end of screening");
  return summary;
}

}  // namespace xxact::pipeline
