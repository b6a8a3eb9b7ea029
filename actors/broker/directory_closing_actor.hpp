#pragma once

#include "actors/broker/checkpoint_owners_actor.hpp"
#include "actors/broker/commit_journals.hpp"
#include "actors/broker/data_directories.hpp"
#include "actors/broker/directory_jobs.hpp"
#include "runtime/node/node_services.hpp"

#include <caf/actor.hpp>
#include <caf/actor_addr.hpp>
#include <caf/event_based_actor.hpp>

#include <map>
#include <optional>
#include <set>
#include <string>

namespace barnabas {

/// The end of a broker's data directories, each for itself, so that one which does not come back keeps the
/// others from nothing: its commit journal closes, its checkpoints are written, then come the marker of a
/// clean stop, since Kafka believes the checkpoints where it finds it, and the release of the lock.
class directory_closing {
public:
    /// All outlive it.
    directory_closing(runtime::node_services& node, commit_journals& journals, checkpoint_owners& checkpoints,
                      caf::event_based_actor& broker)
        : node_(node), journals_(journals), checkpoints_(checkpoints), broker_(broker) {}

    /// `left`: those that nobody waits for. True when there is nothing to wait for.
    bool begin(const opened_directories& opened, bool clean, const gates_by_path& gates,
               const std::set<std::string>& left);
    /// Answers of the parties.
    void on_journal_closed(const caf::actor_addr& journal);
    void on_checkpoints_closed(const checkpoints_closed& message);
    /// True when it was the last one.
    bool on_directory_closed(const std::string& directory, const result<void>& outcome);
    /// Nobody waits for it any longer; true when nothing else is left.
    bool give_up(const std::string& directory);

    const result<void>& outcome() const noexcept { return outcome_; }
    /// Directories that have no marker and are still locked, since they did not come back.
    std::set<std::string> left() const;
    /// These, and those in which the last could not be written.
    std::set<std::string> not_closed() const;

private:
    struct one {
        data_directory directory;
        caf::actor_addr journal;
    };
    void write_checkpoints(const std::string& directory);
    void submit(const std::string& directory);
    bool is_over() const { return begun_ && open_.empty(); }

    runtime::node_services& node_;
    commit_journals& journals_;
    checkpoint_owners& checkpoints_;
    caf::event_based_actor& broker_;
    bool begun_ = false;
    bool clean_ = false;
    gates_by_path gates_;
    std::map<std::string, one> open_;
    std::set<std::string> left_;
    std::set<std::string> unwritten_;
    result<void> outcome_;
};

} // namespace barnabas
