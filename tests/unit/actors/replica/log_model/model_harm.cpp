// Indexes that come to harm while no process has them open.

#include "actors/replica/log/offset_index.hpp"
#include "actors/replica/log/time_index.hpp"
#include "actors/replica/log/transaction_index.hpp"
#include "actors/replica/reindex_run.hpp"
#include "tests/unit/actors/replica/log_model/log_model.hpp"

#include <algorithm>

namespace barnabas::replica::model {

namespace {

constexpr std::uint32_t harms = 4;
/// A few batches, so that indexes are made in several steps.
constexpr std::uint64_t mend_step_bytes = 300;

struct index_kind {
    std::string_view suffix;
    std::size_t entry_size;
};
constexpr index_kind kinds[] = {{offset_index_suffix, offset_entry_size},
                                {time_index_suffix, time_entry_size},
                                {transaction_index_suffix, transaction_entry_size}};

/// Empty where the file is gone.
std::optional<std::string> harmed_content(std::string whole, std::uint32_t how, std::uint32_t choice) {
    switch (how % harms) {
    case 0: return std::nullopt;
    case 1: return "";
    case 2: return whole.substr(0, choice % whole.size());
    default: whole[choice % whole.size()] ^= static_cast<char>(1U << choice % 8); return whole;
    }
}

} // namespace

/// After a stop in good order nothing but names and lengths is looked at; otherwise all is looked into.
void log_model::end_and_harm_index(const operation& one) {
    before_next_open([this, choice = one.a] { harm_index(choice); });
    switch (one.b % 4) {
    case 0: return die(std::nullopt);
    case 1: return die(one.b);
    default: close(true);
    }
}

/// Of any segment that has one with entries.
void log_model::harm_index(std::uint32_t choice) {
    std::vector<std::string> found;
    for (const auto& [path, sum] : disk_.checksums(options_.directory))
        for (const auto& kind : kinds)
            if (path.ends_with(kind.suffix) && !disk_.content(path)->empty())
                found.push_back(path);
    if (found.empty())
        return;
    const auto& path = found[choice / harms % found.size()];
    const auto bytes = *disk_.content(path);
    const std::string whole(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    const auto harmed = harmed_content(whole, choice % harms, choice / 16);
    disk_.rewrite(path, harmed);
    const auto of = std::find_if(std::begin(kinds), std::end(kinds),
                                 [&](const index_kind& kind) { return path.ends_with(kind.suffix); });
    if (!harmed || harmed->empty())
        rotten_.erase(path);
    if (harmed && harmed->size() == whole.size()) {
        const auto at = choice / 16 % whole.size() / of->entry_size * of->entry_size;
        rotten_[path][at] = harmed->substr(at, of->entry_size);
    }
    if (harmed && harmed->size() < whole.size() && of->suffix == offset_index_suffix)
        shortened_.insert(path);
    ++harmed_[choice % harms];
}

/// The reader heard that an index which rotted is not as it was written; whoever owns the log makes that of a
/// closed segment anew. False when it was another index, or still is.
bool log_model::mends_transactions(const read_job& job) {
    for (const auto& source : job.transactions) {
        const auto path = segment_path(options_.directory, source.segment, transaction_index_suffix);
        if (!source.is_wrong || rotten_.erase(path) == 0 ||
            source.segment >= host_.log->clean_bounds_now().first_open_segment)
            continue;
        reindex_task task;
        task.options = host_.log->options();
        for (const auto& segment : host_.log->segments()) {
            task.bases.push_back(segment.base_offset);
            if (segment.base_offset == source.segment)
                task.segment = segment;
            if (segment.base_offset > source.segment && task.next_base <= source.segment)
                task.next_base = segment.base_offset;
        }
        task.of_transactions = true;
        task.layout = host_.log->layout();
        reindex_run mend(std::move(task));
        result<void> stepped;
        while (stepped && !mend.made())
            stepped = mend.step(disk_.files(), mend_step_bytes);
        if (stepped)
            host_.log->on_reindexed(mend.made()->segment, mend.task().layout);
        else if (!excused(stepped.failure()))
            wrong("an index of transactions is not made anew: " + to_string(stepped.failure()));
        return true;
    }
    return false;
}

/// As long as nobody has written the entry anew.
bool log_model::is_rotten(const std::string& path, std::span<const std::byte> content) const {
    const auto found = rotten_.find(path);
    if (found == rotten_.end())
        return false;
    const std::string_view text(reinterpret_cast<const char*>(content.data()), content.size());
    return std::any_of(found->second.begin(), found->second.end(), [&](const auto& entry) {
        return entry.first < text.size() && text.substr(entry.first).starts_with(entry.second);
    });
}

} // namespace barnabas::replica::model
