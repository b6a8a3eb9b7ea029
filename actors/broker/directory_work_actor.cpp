#include "actors/broker/directory_work_actor.hpp"

#include "actors/partition/partition_messages.hpp"
#include "protocol/model/mark.hpp"
#include "runtime/disk/directory_lane.hpp"
#include "runtime/logging/logger.hpp"
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
    std::map<std::string, broker_effects::set_aside_directories> orders;
    for (const auto& one : order.renames)
        orders[directory_above(gates, one.first)].renames.push_back(one);
    for (const auto& one : order.if_empty)
        orders[directory_above(gates, one)].if_empty.push_back(one);
    set_aside_outcome_ = {};
    for (const auto& [directory, some] : orders)
        setting_aside_.insert(directory);
    for (const auto& [directory, some] : orders) {
        auto outcome = std::make_shared<result<void>>();
        node_.disk->submit(
            lane_of(directory), runtime::disk_job_kind::blocking,
            [some = some, gates, outcome](runtime::file_system& files) {
                *outcome = barnabas::set_aside(files, gates, some.renames);
                remove_empty(files, gates, some.if_empty);
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

void directory_work::remove_strays(const broker_effects::remove_strays& order, const gates_by_path& gates,
                                   const caf::actor& broker) {
    for (const auto& [directory, gate] : gates)
        remove_some_strays(
            std::make_shared<stray_removal>(stray_removal{directory, order.topics, std::nullopt, {}}), gates,
            broker);
}

void directory_work::remove_some_strays(std::shared_ptr<stray_removal> work, const gates_by_path& gates,
                                        const caf::actor& broker) {
    // The lane of the directory's other work stays free.
    const auto lane = runtime::lane_in(work->data_directory, runtime::stable_hash("strays"));
    node_.disk->submit(
        lane, runtime::disk_job_kind::blocking,
        [work, gate = gates.at(work->data_directory)](runtime::file_system& files) {
            barnabas::remove_strays(files, *gate, *work);
        },
        [work, broker] { caf::anon_send(broker, strays_removed{work}); });
}

void directory_work::go_on_removing(const strays_removed& some, const gates_by_path& gates, bool closing,
                                    const caf::actor& broker) {
    const auto& work = *some.work;
    // The next start goes on.
    if (closing)
        return;
    if (!work.left->empty())
        return remove_some_strays(some.work, gates, broker);
    if (!work.failed)
        node_.log->warn(
            "partition_directory_not_removed",
            log_fields{}.message("some of what is left of deleted topics in " + work.data_directory +
                                 " stays until the next start: " + to_string(work.failed.failure())));
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
