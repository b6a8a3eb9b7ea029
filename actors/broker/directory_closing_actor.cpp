#include "actors/broker/directory_closing_actor.hpp"

#include "actors/broker/broker_events.hpp"
#include "actors/journal/journal_messages.hpp"
#include "protocol/model/mark.hpp"
#include "runtime/disk/directory_lane.hpp"
#include "runtime/random/random.hpp"

#include <caf/send.hpp>

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

namespace barnabas {

bool directory_closing::begin(const opened_directories& opened, bool clean, const gates_by_path& gates,
                              const std::set<std::string>& left) {
    begun_ = true;
    clean_ = clean;
    gates_ = gates;
    std::vector<std::string> without_journal;
    for (const auto& directory : opened.directories) {
        if (BARNABAS_MARK_IF(left.contains(directory.path), stop_without_a_directory)) {
            left_.insert(directory.path);
            continue;
        }
        auto& made = open_[directory.path];
        made.directory = directory;
        if (const auto journal = journals_.release(directory.path)) {
            made.journal = journal.address();
            broker_.send(journal, journal::close_journal{});
        } else {
            without_journal.push_back(directory.path);
        }
    }
    for (const auto& directory : without_journal)
        write_checkpoints(directory);
    return is_over();
}

void directory_closing::on_journal_closed(const caf::actor_addr& journal) {
    const auto found = std::find_if(open_.begin(), open_.end(),
                                    [&](const auto& each) { return each.second.journal == journal; });
    if (found != open_.end())
        write_checkpoints(std::string(found->first));
}

void directory_closing::write_checkpoints(const std::string& directory) {
    open_.at(directory).journal = {};
    if (!checkpoints_.close(directory))
        submit(directory);
}

void directory_closing::on_checkpoints_closed(const checkpoints_closed& message) {
    checkpoints_.closed(message);
    const auto found = open_.find(message.directory);
    if (found == open_.end())
        return;
    if (message.code != errc::ok) {
        found->second.directory.unflushed = true;
        unwritten_.insert(message.directory);
    }
    submit(message.directory);
}

void directory_closing::submit(const std::string& directory) {
    auto outcome = std::make_shared<result<void>>();
    node_.disk->submit(
        runtime::lane_in(directory, runtime::stable_hash("data directory")), runtime::disk_job_kind::blocking,
        [what = open_.at(directory).directory, clean = clean_, gates = gates_, outcome](
            runtime::file_system& files) { *outcome = close_gated_directory(files, what, clean, gates); },
        [directory, outcome, broker = caf::actor_cast<caf::actor>(&broker_)] {
            caf::anon_send(broker, directories_closed{directory, outcome});
        });
}

bool directory_closing::on_directory_closed(const std::string& directory, const result<void>& outcome) {
    if (open_.erase(directory) == 0)
        return false;
    if (!outcome) {
        unwritten_.insert(directory);
        if (outcome_)
            outcome_ = outcome;
    }
    return is_over();
}

bool directory_closing::give_up(const std::string& directory) {
    if (open_.erase(directory) == 0)
        return false;
    left_.insert(directory);
    return is_over();
}

std::set<std::string> directory_closing::left() const {
    auto all = left_;
    for (const auto& [directory, each] : open_)
        all.insert(directory);
    return all;
}

std::set<std::string> directory_closing::not_closed() const {
    auto all = left();
    all.insert(unwritten_.begin(), unwritten_.end());
    return all;
}

} // namespace barnabas
