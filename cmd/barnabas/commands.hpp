#pragma once

#include "cmd/cli/options.hpp"

#include <vector>

/// One pair per subcommand: its table of options, and what runs it. `main.cpp` lists them.
namespace barnabas {

inline constexpr const char* program_name = "barnabas";

/// A failure that the tool has told, after which Kafka's tool ends with 0: so does ours by Kafka's name, and
/// else with 1. For `main.cpp` only.
inline constexpr int exit_told = 64;
/// Wrong usage, but of tools like Kafka's, which end with 1.
inline constexpr int exit_usage = 2;

/// In the order of the help page.
const std::vector<cli::command>& all_commands();

const cli::command& start_command();
int run_start(const cli::parsed_options& options);

const cli::command& server_stop_command();
int run_server_stop(const cli::parsed_options& options);

const cli::command& version_command();
int run_version(const cli::parsed_options& options);

const cli::command& topics_command();
int run_topics(const cli::parsed_options& options);

const cli::command& get_offsets_command();
int run_get_offsets(const cli::parsed_options& options);

const cli::command& consumer_groups_command();
int run_consumer_groups(const cli::parsed_options& options);

const cli::command& groups_command();
int run_groups(const cli::parsed_options& options);

const cli::command& configs_command();
int run_configs(const cli::parsed_options& options);

const cli::command& delete_records_command();
int run_delete_records(const cli::parsed_options& options);

const cli::command& log_dirs_command();
int run_log_dirs(const cli::parsed_options& options);

const cli::command& broker_api_versions_command();
int run_broker_api_versions(const cli::parsed_options& options);

const cli::command& cluster_command();
int run_cluster(const cli::parsed_options& options);

const cli::command& features_command();
int run_features(const cli::parsed_options& options);

const cli::command& storage_command();
int run_storage(const cli::parsed_options& options);

const cli::command& import_command();
int run_import(const cli::parsed_options& options);

const cli::command& doctor_command();
int run_doctor(const cli::parsed_options& options);

const cli::command& completion_command();
int run_completion(const cli::parsed_options& options);

const cli::command& manual_command();
int run_manual(const cli::parsed_options& options);

const cli::command& reference_command();
int run_reference(const cli::parsed_options& options);
const cli::command& console_producer_command();
int run_console_producer(const cli::parsed_options& options);
const cli::command& produce_command();
int run_produce(const cli::parsed_options& options);
const cli::command& producer_perf_command();
int run_producer_perf(const cli::parsed_options& options);
const cli::command& console_consumer_command();
int run_console_consumer(const cli::parsed_options& options);

const cli::command& consume_command();
int run_consume(const cli::parsed_options& options);

const cli::command& consumer_perf_command();
int run_consumer_perf(const cli::parsed_options& options);

const cli::command& e2e_latency_command();
int run_e2e_latency(const cli::parsed_options& options);

const cli::command& verifiable_producer_command();
int run_verifiable_producer(const cli::parsed_options& options);

const cli::command& verifiable_consumer_command();
int run_verifiable_consumer(const cli::parsed_options& options);

const cli::command& dump_log_command();
int run_dump_log(const cli::parsed_options& options);

const cli::command& sim_command();
int run_sim(const cli::parsed_options& options);
const cli::command& sim_run_command();
int run_sim_run(const cli::parsed_options& options);
const cli::command& sim_replay_command();
int run_sim_replay(const cli::parsed_options& options);
const cli::command& sim_minimize_command();
int run_sim_minimize(const cli::parsed_options& options);
const cli::command& sim_list_command();
int run_sim_list(const cli::parsed_options& options);
const cli::command& sim_sweep_command();
int run_sim_sweep(const cli::parsed_options& options);
const cli::command& sim_mutants_command();
int run_sim_mutants(const cli::parsed_options& options);

} // namespace barnabas
