#include "actors/broker/commit_journals.hpp"
#include "actors/journal/journal_actor.hpp"
#include "runtime/random/random.hpp"

namespace barnabas {

void commit_journals::open(runtime::node_services& node, const broker_config& config,
                           const planted_bugs& planted, const std::vector<data_directory>& directories) {
    for (const auto& directory : directories) {
        if (directory.journal == nullptr)
            continue;
        auto& made = by_directory_[directory.path];
        made.found = directory.journal;
        made.use.syncs = std::make_shared<runtime::load_counter>();
        made.use.syncs_min = static_cast<std::uint32_t>(config.barnabas_commit_journal_syncs);
        made.use.damage = directory.journal->damage;
        const auto loops = node.scheduling->loop_count();
        const loop_index home(static_cast<std::uint32_t>(runtime::stable_hash(directory.path) % loops));
        journal::journal_actor_options options;
        options.directory = directory.path;
        options.file_bytes = static_cast<std::uint64_t>(config.barnabas_commit_journal_bytes);
        options.found = directory.journal;
        options.planted = planted;
        made.use.actor = journal::spawn_journal(node, home, std::move(options));
    }
}

journal_use commit_journals::use_for(const std::string& data_directory, const std::string& directory_name) {
    const auto found = by_directory_.find(data_directory);
    if (found == by_directory_.end())
        return {};
    auto use = found->second.use;
    if (auto held = found->second.found->parts.extract(directory_name))
        use.held = std::move(held.mapped());
    return use;
}

} // namespace barnabas
