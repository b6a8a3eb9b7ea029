#pragma once

#include "sim/text/section_reader.hpp"
#include "sim/workloads/produce_consume_options.hpp"

#include <cstdint>
#include <optional>
#include <string>

/// Bounds of what a scenario may ask for: one run lives in one process, and ends. Each function says what no
/// run can be made of in the options of one section, and which fields are to blame.
namespace barnabas::sim {

inline constexpr std::int64_t scenario_seconds_least = 24;
inline constexpr std::int64_t scenario_seconds_most = 3'600;
inline constexpr std::uint64_t clients_max = 64;
inline constexpr std::uint64_t faults_max = 1'000;

using checked = std::optional<value_problem>;

/// Of a section that says how many there are, where so many were before.
checked too_many(const char* field, std::uint64_t count, std::uint64_t before);
checked problem_of(const scheduler_options& options);
checked problem_of(const clock_options& options);
checked problem_of(const client::new_topic& topic);
checked problem_of(const load_options& load);
checked problem_of(const reader_options& reader);
checked problem_of(const member_options& member);
checked problem_of(const program_options& program);
checked problem_of(const group_admin_options& admin);
checked problem_of(const network_faults& faults);
/// Only a `lossy` run may have a disk that loses (`disk_faults::loses`).
checked problem_of(const disk_faults& faults, bool lossy);
checked problem_of(const power_cut_faults& losses);
/// Only a `lossy` run may have one that loses.
checked problem_of(const planned_fault& fault, virtual_time healing, bool lossy);
checked problem_of(const connection_harm& harm);
checked problem_of(const hostile_options& options);
checked problem_of(const lookup_options& options);
checked problem_of(const recreation_options& options);
checked problem_of(const alteration_options& options);
checked problem_of_broker_config(const std::vector<std::pair<std::string, std::string>>& config);
checked problem_of_repetition(std::uint64_t repeat, std::uint64_t chance_percent);
checked problem_of_phases(virtual_time healing, virtual_time progress_due);

/// Batches that some reader is too old for.
std::optional<std::string> problem_of_zstd(const produce_consume_options& options);
struct namesake_problem {
    /// Which reader or producer.
    bool of_reader = false;
    std::size_t number = 0;
    std::string what;
};
/// A client that could not tell a topic from the next one of its name.
std::optional<namesake_problem> problem_of_namesakes(const produce_consume_options& options);

/// `before` is the time of the row above. What is wrong with the row alone, its producer or its partition.
std::optional<std::string> problem_of(const planned_send& send, virtual_time before,
                                      const produce_consume_options& options);
/// Choices of a loop that does not exist, or that does not go by them.
std::optional<std::string> problem_of(const choice_log::loop& loop, const produce_consume_options& options);

} // namespace barnabas::sim
