#include "actors/broker/commit_journals.hpp"
#include "actors/journal/journal_actor.hpp"
#include "runtime/metrics/registry.hpp"
#include "runtime/random/random.hpp"

namespace barnabas {

void commit_journals::open(runtime::node_services& node, const broker_config& config,
                           const planted_bugs& planted, const std::vector<data_directory>& directories,
                           const gates_by_path& gates) {
    for (const auto& directory : directories) {
        if (directory.journal == nullptr)
            continue;
        auto& made = by_directory_[directory.path];
        made.found = directory.journal;
        made.use.syncs = std::make_shared<runtime::load_counter>();
        node.metrics->computed_counter(
            "log_syncs_total",
            "Syncs of partitions, by their own files or by the commit journal; "
            "commit_journal_commits_total are those of the journal.",
            [syncs = made.use.syncs] { return static_cast<double>(syncs->ended()); },
            {{"directory", directory.path}});
        made.use.syncs_min = static_cast<std::uint32_t>(config.barnabas_commit_journal_syncs);
        made.use.damage = directory.journal->damage;
        const auto loops = node.scheduling->loop_count();
        const loop_index home(static_cast<std::uint32_t>(runtime::stable_hash(directory.path) % loops));
        journal::journal_actor_options options;
        options.directory = directory.path;
        options.gate = gates.at(directory.path);
        options.file_bytes = static_cast<std::uint64_t>(config.barnabas_commit_journal_bytes);
        options.found = directory.journal;
        options.planted = planted;
        made.use.actor = journal::spawn_journal(node, home, std::move(options));
    }
}

journal_use commit_journals::use_for(const std::string& data_directory, const std::string& directory_name,
                                     const topic_partition& id) {
    const auto found = by_directory_.find(data_directory);
    if (found == by_directory_.end())
        return {};
    auto use = found->second.use;
    const auto& parts = found->second.found->parts;
    if (const auto held = parts.find(directory_name); held != parts.end()) {
        use.held = held->second;
        opening_[id] = {data_directory, directory_name};
    }
    return use;
}

void commit_journals::done_with(const topic_partition& id) {
    const auto where = opening_.extract(id);
    if (!where)
        return;
    if (const auto found = by_directory_.find(where.mapped().first); found != by_directory_.end())
        found->second.found->parts.erase(where.mapped().second);
}

} // namespace barnabas
