#include "actors/broker/directory_work_actor.hpp"

#include "actors/broker/broker_events.hpp"
#include "actors/partition/partition_messages.hpp"
#include "runtime/disk/directory_lane.hpp"
#include "runtime/random/random.hpp"

#include <caf/send.hpp>

#include <map>
#include <memory>
#include <utility>
#include <vector>

namespace barnabas {

namespace {

/// Jobs on one data directory as a whole run one after another.
runtime::disk_lane lane_of(const std::string& directory) {
    return runtime::lane_in(directory, runtime::stable_hash("data directory"));
}

std::string directory_above(const gates_by_path& gates, const std::string& path) {
    const auto gate = gate_above(gates, path);
    return gate == nullptr ? std::string() : gate->path();
}

} // namespace

void directory_work::open(data_directory_options wanted, const caf::actor& broker) {
    auto outcome = std::make_shared<std::optional<result<opened_directories>>>();
    node_.disk->submit(
        runtime::lane_of_none(runtime::stable_hash("data directories")), runtime::disk_job_kind::blocking,
        [wanted = std::move(wanted), outcome](runtime::file_system& files) {
            outcome->emplace(open_data_directories(files, wanted));
        },
        [outcome, broker] { caf::anon_send(broker, directories_opened{outcome}); });
}

void directory_work::set_aside(const broker_effects::set_aside_directories& order, const gates_by_path& gates,
                               const caf::actor& broker) {
    std::map<std::string, std::vector<std::pair<std::string, std::string>>> renames;
    for (const auto& one : order.renames)
        renames[directory_above(gates, one.first)].push_back(one);
    set_aside_outcome_ = {};
    for (const auto& [directory, some] : renames)
        setting_aside_.insert(directory);
    for (const auto& [directory, some] : renames) {
        auto outcome = std::make_shared<result<void>>();
        node_.disk->submit(
            lane_of(directory), runtime::disk_job_kind::blocking,
            [some = some, gates, outcome](runtime::file_system& files) {
                *outcome = barnabas::set_aside(files, gates, some);
            },
            [directory = directory, outcome, broker] {
                caf::anon_send(broker, directories_set_aside{directory, outcome});
            });
    }
}

std::optional<result<void>> directory_work::has_set_aside(const std::string& directory,
                                                          const result<void>& outcome) {
    if (setting_aside_.erase(directory) == 0)
        return std::nullopt;
    if (!outcome)
        set_aside_outcome_ = outcome;
    return setting_aside_.empty() ? std::optional(set_aside_outcome_) : std::nullopt;
}

void directory_work::remove(const broker_effects::remove_partition_files& order, const gates_by_path& gates,
                            const caf::actor& broker) {
    auto outcome = std::make_shared<result<void>>();
    node_.disk->submit(
        lane_of(directory_above(gates, order.directory)), runtime::disk_job_kind::blocking,
        [directory = order.directory, gates, outcome](runtime::file_system& files) {
            *outcome = remove_partition_directory(files, gates, directory);
        },
        [outcome, id = order.id, broker] {
            caf::anon_send(broker,
                           partition_closed{id, outcome->code(), *outcome ? "" : outcome->failure().detail});
        });
}

void directory_work::record_created(std::shared_ptr<runtime::directory_gate> gate, log_offset upto,
                                    const caf::actor& broker) {
    auto outcome = std::make_shared<result<void>>();
    const auto lane = lane_of(gate->path());
    node_.disk->submit(
        lane, runtime::disk_job_kind::blocking,
        [gate = std::move(gate), upto, outcome](runtime::file_system& files) {
            runtime::gated_files gated(files, *gate, runtime::kept_room::may_be_used);
            *outcome = barnabas::record_created(gated, gate->path(), upto);
        },
        [outcome, broker] { caf::anon_send(broker, created_recorded{outcome}); });
}

} // namespace barnabas
