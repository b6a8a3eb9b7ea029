#include "sim/replay/check_options.hpp"

#include "protocol/kafka/record_formats.hpp"
#include "runtime/config/broker_config.hpp"
#include "runtime/config/topic_config.hpp"
#include "sim/cluster/simulated_broker.hpp"
#include "sim/faults/network_faults.hpp"
#include "sim/workloads/fault_plan.hpp"
#include "sim/workloads/option_fields.hpp"

#include <charconv>
#include <map>
#include <string_view>
#include <type_traits>

namespace barnabas::sim {

namespace {

/// What a clock may be off, so that its arithmetic stays far from overflow.
constexpr std::int64_t skew_ms_most = 1'576'800'000'000; ///< fifty years
constexpr std::int64_t monotonic_start_most = 1'000'000'000 * second;
constexpr std::int64_t longest_ns = scenario_seconds_most * second;
constexpr std::int64_t value_bytes_most = 16'000'000;
constexpr std::int64_t room_moved_most = 1'000'000'000;
constexpr std::size_t records_most = 100'000;

std::string written(std::string_view field, std::int64_t value) {
    return field_text(field, value);
}

value_problem outside(const std::string& field, std::int64_t low, std::int64_t high) {
    return {{field},
            std::string(key_of_field(field)) + " must be in " + written(field, low) + ".." +
                written(field, high)};
}

/// The first of some values that lies outside of its bounds.
class bounds {
public:
    template <class Value>
    bounds& in(const char* field, const Value& value, std::int64_t low, std::int64_t high) {
        bool fits = true;
        if constexpr (requires { value.get(); })
            fits = std::cmp_greater_equal(value.get(), low) && std::cmp_less_equal(value.get(), high);
        else
            fits = std::cmp_greater_equal(value, low) && std::cmp_less_equal(value, high);
        if (!fits && !found_)
            found_ = outside(field, low, high);
        return *this;
    }
    bounds& and_then(const checked& other) {
        if (!found_)
            found_ = other;
        return *this;
    }
    checked found() const { return found_; }

private:
    checked found_;
};

/// The rules that follow from the names of fields: a chance is of a million, a pair `x_low`, `x_high` is a
/// range whose lower end is not zero, and nothing goes below zero.
class field_rules {
public:
    template <class Value>
    void operator()(std::string_view field, const Value& value) {
        if constexpr (std::is_integral_v<Value> && !std::is_same_v<Value, bool>)
            note(std::string(field), static_cast<std::int64_t>(value));
    }
    checked found() const { return found_; }

private:
    void note(const std::string& name, std::int64_t value) {
        const std::string key(key_of_field(name));
        const auto low = name.find("_low_");
        const auto high = name.find("_high_");
        if (value < 0)
            refuse({name}, key + " must not be below zero");
        if (name.ends_with("_ppm") && value > static_cast<std::int64_t>(per_million))
            refuse({name}, key + " is a chance in a million, so at most 1000000");
        if (low != std::string::npos) {
            if (value < 1)
                refuse({name}, key + " must be above zero");
            lows_[name.substr(0, low)] = {name, value};
        } else if (high != std::string::npos) {
            if (const auto pair = lows_.find(name.substr(0, high));
                pair != lows_.end() && value < pair->second.second)
                refuse({name, pair->second.first},
                       key + " lies below " + std::string(key_of_field(pair->second.first)));
        }
    }
    void refuse(std::vector<std::string> fields, const std::string& what) {
        if (!found_)
            found_ = value_problem{std::move(fields), what};
    }

    std::map<std::string, std::pair<std::string, std::int64_t>> lows_;
    checked found_;
};

template <class Options>
checked problem_by_names(const Options& options) {
    field_rules rules;
    for_each_field(options, rules);
    return rules.found();
}

/// "producer-12" is 12.
bool is_numbered(std::string_view host, std::string_view kind, std::size_t count) {
    if (!host.starts_with(kind))
        return false;
    host.remove_prefix(kind.size());
    std::size_t number = 0;
    const auto [stop, problem] = std::from_chars(host.data(), host.data() + host.size(), number);
    return problem == std::errc{} && stop == host.data() + host.size() && number < count;
}

bool is_client(std::string_view host, const produce_consume_options& options) {
    return host == "admin" || host == "audit" || is_numbered(host, "producer-", options.producers.size()) ||
           is_numbered(host, "reader-", options.readers.size()) ||
           is_numbered(host, "member-", options.members.size()) ||
           is_numbered(host, "program-", options.programs.size());
}

/// What the kind of a fault needs to happen, and to end.
checked problem_of_kind(const planned_fault& fault) {
    const auto used = fields_used(fault.kind);
    bounds all;
    if ((used & uses_how) != 0)
        all.and_then(problem_of(fault.losses));
    if ((used & uses_count) != 0)
        all.in("count", fault.count, 1, static_cast<std::int64_t>(faults_max));
    if ((used & uses_bytes) != 0)
        all.in("bytes", fault.bytes, 1, UINT32_MAX);
    // On a full disk there need be nobody else.
    if ((used & uses_rate) != 0)
        all.in("bytes_per_second", fault.bytes_per_second, fault.kind == fault_kind::full_disk ? 0 : 1,
               fault.kind == fault_kind::full_disk ? room_moved_most : INT64_MAX);
    if ((used & uses_age) != 0)
        all.in("age_ns", fault.age_ns, 0, longest_ns);
    if ((used & uses_interval) != 0)
        all.in("interval_ns", fault.interval_ns, fault.kind == fault_kind::flapping_link ? millisecond : 0,
               longest_ns);
    if ((used & uses_jump) != 0)
        all.in("jump_ms", fault.jump_ms, -skew_ms_most, skew_ms_most);
    if ((used & uses_drift) != 0)
        all.in("drift_ppm", fault.drift_ppm, -clock_options::drift_ppm_most, clock_options::drift_ppm_most);
    if ((used & uses_factor) != 0)
        all.in("factor", fault.factor, 1, 100'000);
    return all.found();
}

} // namespace

checked too_many(const char* field, std::uint64_t count, std::uint64_t before) {
    if (count >= 1 && count <= clients_max && before < clients_max)
        return {};
    return value_problem{{field}, "a run has 1.." + std::to_string(clients_max) + " of these"};
}

checked problem_of(const scheduler_options& options) {
    return bounds()
        .in("loops", options.loops, 1, 64)
        .in("step_cost_low_ns", options.step_cost_low, microsecond, second)
        .in("step_cost_high_ns", options.step_cost_high, microsecond, second)
        .and_then(problem_by_names(options))
        .found();
}

checked problem_of(const clock_options& options) {
    return bounds()
        .in("drift_ppm", options.drift_ppm, -clock_options::drift_ppm_most, clock_options::drift_ppm_most)
        .in("wall_skew_ms", options.wall_skew_ms, -skew_ms_most, skew_ms_most)
        .in("monotonic_start_ns", options.monotonic_start_ns, 1, monotonic_start_most)
        .found();
}

checked problem_of(const client::new_topic& topic) {
    if (const auto problem = bounds().in("partitions", topic.partitions, 1, 1'000).found())
        return problem;
    for (const auto& [key, value] : topic.configs) {
        if (const auto done = check_topic_configs({{key, value}}); !done)
            return value_problem{{"config." + key}, done.failure().detail};
    }
    return {};
}

checked problem_of(const load_options& load) {
    const auto& producer = load.producer;
    if (producer.acks == 0 && producer.idempotent)
        return value_problem{{"idempotent", "acks"},
                             "acks = 0 cannot be idempotent: without answers sequences get holes"};
    if (producer.produce_version_max < kafka::produce_with_batches && producer.idempotent)
        return value_problem{
            {"idempotent", "produce_version_max"},
            "Produce before version 3 cannot be idempotent: it has no place for a producer id"};
    if (producer.produce_version_max < kafka::produce_with_zstd && uses_zstd(load))
        return value_problem{{"codecs", "produce_version_max"}, "Produce before version 7 takes no zstd"};
    return bounds()
        .in("acks", producer.acks, -1, 1)
        .in("in_flight_max", producer.in_flight_max, 1, 5)
        .in("request_timeout_ms", producer.request_timeout_ms, 1, longest_ns / millisecond)
        .in("delivery_timeout_ns", producer.delivery_timeout_ns, second, longest_ns)
        .in("produce_version_max", producer.produce_version_max, 0, kafka::produce_request::highest_version)
        .in("interval_ns", load.interval_ns, microsecond, longest_ns)
        .in("records_max", load.records_max, 1, static_cast<std::int64_t>(records_most))
        .in("value_bytes_max", load.value_bytes_max, 1, value_bytes_most)
        .in("unfinished_max", load.unfinished_max, 1, 100'000)
        .in("absurd_stamps_percent", load.absurd_stamps_percent, 0, 100)
        .in("keys", load.keys, 0, 1'000'000)
        .in("tombstones_percent", load.tombstones_percent, 0, 100)
        .found();
}

checked problem_of(const reader_options& reader) {
    return bounds()
        .in("max_wait_ms", reader.max_wait_ms, 0, longest_ns / millisecond)
        .in("min_bytes", reader.min_bytes, 0, INT32_MAX)
        .in("max_bytes", reader.max_bytes, 1, INT32_MAX)
        .in("partition_max_bytes", reader.partition_max_bytes, 1, INT32_MAX)
        .in("fetch_version_max", reader.fetch_version_max, 0, kafka::fetch_request::highest_version)
        .in("records_max", reader.records_max, 1, static_cast<std::int64_t>(records_most))
        .found();
}

checked problem_of(const member_options& member) {
    return bounds()
        .in("group", member.group, 0, 100)
        .in("instance", member.instance, 0, 100)
        .in("session_timeout_ms", member.session_timeout_ms, 1, longest_ns / millisecond)
        .in("rebalance_timeout_ms", member.rebalance_timeout_ms, 1, longest_ns / millisecond)
        .in("heartbeat_ns", member.heartbeat_ns, millisecond, longest_ns)
        .in("commit_ns", member.commit_ns, millisecond, longest_ns)
        .in("rude_ns", member.rude_ns, 0, longest_ns)
        .in("start_ns", member.start_ns, 0, longest_ns)
        .in("metadata_bytes", member.metadata_bytes, 0, 1'000'000)
        .in("join_version_max", member.join_version_max, 0, kafka::join_group_request::highest_version)
        // From 10 on topics go by their id, which members do not ask for.
        .in("fetch_version_max", member.fetch_version_max, 1, 9)
        .in("revoke_ns", member.revoke_ns, 0, longest_ns)
        .in("heartbeat_version_max", member.heartbeat_version_max, 0,
            kafka::consumer_group_heartbeat_request::highest_version)
        .found();
}

checked problem_of(const program_options& program) {
    if (program.group == 0 && program.by_heartbeat)
        return value_problem{{"by_heartbeat", "group"}, "without a group there is no protocol of groups"};
    return bounds()
        .in("group", program.group, 0, 100)
        .in("records_max", program.records_max, 1, 100'000)
        .in("pause_ns", program.pause_ns, millisecond, longest_ns)
        .in("restart_ns", program.restart_ns, 0, longest_ns)
        .in("late_permille", program.late_permille, 0, 1'000)
        .in("seek_permille", program.seek_permille, 0, 1'000)
        .found();
}

checked problem_of(const group_admin_options& admin) {
    return bounds()
        .in("interval_ns", admin.interval_ns, admin.interval_ns == 0 ? 0 : millisecond, longest_ns)
        .found();
}

checked problem_of(const recreation_options& options) {
    return bounds()
        .in("interval_ns", options.interval_ns, options.interval_ns == 0 ? 0 : millisecond, longest_ns)
        .in("away_ns", options.away_ns, millisecond, longest_ns)
        .found();
}

checked problem_of(const alteration_options& options) {
    constexpr std::int64_t most = 1'000'000'000;
    return bounds()
        .in("interval_ns", options.interval_ns, options.interval_ns == 0 ? 0 : millisecond, longest_ns)
        .in("retention_ms_max", options.retention_ms_max, 1, most)
        .in("retention_bytes_max", options.retention_bytes_max, 1, most)
        .in("segment_bytes_max", options.segment_bytes_max, 2'000, most)
        .found();
}

checked problem_of(const network_faults& faults) {
    return bounds()
        .in("bytes_per_second", faults.bytes_per_second, 1, INT64_MAX)
        .and_then(problem_by_names(faults))
        .found();
}

checked problem_of(const disk_faults& faults, bool lossy) {
    if (faults.loses() && !lossy) {
        const char* which = faults.sync_lie_chance > 0     ? "sync_lie_chance"
                            : faults.sticky_rot_chance > 0 ? "sticky_rot_chance"
                                                           : "misdirect_chance";
        return value_problem{{which},
                             "syncs that lie, sectors that rot and writes that land elsewhere void the "
                             "promise: say lossy = yes in [faults]"};
    }
    return problem_by_names(faults);
}

checked problem_of(const power_cut_faults& losses) {
    return problem_by_names(losses);
}

checked problem_of(const planned_fault& fault, virtual_time healing, bool lossy) {
    if (loses(fault.kind) && !lossy)
        return value_problem{
            {"kind"}, std::string(name_of(fault.kind)) + " voids the promise: say lossy = yes in [faults]"};
    if (fault.at >= healing)
        return value_problem{{"at"},
                             "at " + field_text("at_ns", fault.at) + " comes after healing, which is at " +
                                 field_text("at_ns", healing)};
    return bounds()
        .in("at_ns", fault.at, 0, longest_ns)
        .in("after_ns", fault.after_ns, 0, longest_ns)
        .in("lasts_ns", fault.lasts_ns, 0, longest_ns)
        .and_then(problem_of_kind(fault))
        .found();
}

checked problem_of(const connection_harm& harm) {
    return bounds()
        .in("connection", harm.connection, 1, INT64_MAX)
        .in("direction", harm.direction, 0, 1)
        .in("lasts_ns", harm.lasts_ns, 0, longest_ns)
        .in(harm.kind == harm_kind::half_open ? "after_ns" : "after_bytes", harm.at,
            harm.kind == harm_kind::reset || harm.kind == harm_kind::clog ? 1 : 0, INT64_MAX)
        .found();
}

checked problem_of(const hostile_options& options) {
    return bounds()
        .in("interval_ns", options.interval_ns, millisecond, longest_ns)
        .in("connections", options.connections, 1, 10'000)
        .in("pipelined", options.pipelined, 1, 100'000)
        .in("bomb_bytes", options.bomb_bytes, 1, 100'000'000)
        .in("idle_ns", options.idle_ns, millisecond, longest_ns)
        .in("answer_limit_ns", options.answer_limit_ns, millisecond, longest_ns)
        .found();
}

checked problem_of(const lookup_options& options) {
    return bounds()
        .in("interval_ns", options.interval_ns, options.interval_ns == 0 ? 0 : millisecond, longest_ns)
        .found();
}

checked problem_of_broker_config(const std::vector<std::pair<std::string, std::string>>& config) {
    auto made = simulated_config("broker");
    for (const auto& [key, value] : config) {
        if (const auto done = made.set(key, value); !done)
            return value_problem{{"config." + key}, done.failure().detail};
    }
    return {};
}

checked problem_of_phases(virtual_time healing, virtual_time progress_due) {
    if (progress_due < healing)
        return value_problem{{"progress_due", "healing"}, "progress_due lies before healing"};
    return bounds()
        .in("healing_ns", healing, 0, longest_ns)
        .in("progress_due_ns", progress_due, 0, longest_ns)
        .found();
}

checked problem_of_repetition(std::uint64_t repeat, std::uint64_t chance_percent) {
    if (repeat < 1 || repeat > faults_max)
        return value_problem{{"repeat"}, "repeat must be in 1.." + std::to_string(faults_max)};
    if (chance_percent > 100)
        return value_problem{{"chance_percent"}, "chance_percent must be in 0..100"};
    return {};
}

std::optional<std::string> problem_of_zstd(const produce_consume_options& options) {
    const bool sent = std::any_of(options.producers.begin(), options.producers.end(), uses_zstd);
    const bool old_readers = std::any_of(options.readers.begin(), options.readers.end(), knows_no_zstd);
    if (sent && old_readers)
        return "[producer] a [reader] of Fetch before version 4 cannot read zstd: leave it out of codecs";
    const auto too_old = [](const client::consumer_options& reader) {
        return reader.fetch_version_max < kafka::fetch_with_zstd;
    };
    if (stores_zstd(options) && std::any_of(options.readers.begin(), options.readers.end(), too_old))
        return "[reader] one of Fetch before version 10 is refused where compression.type is zstd";
    return {};
}

std::optional<namesake_problem> problem_of_namesakes(const produce_consume_options& options) {
    if (options.recreations.interval_ns == 0)
        return {};
    for (std::size_t i = 0; i < options.producers.size(); ++i)
        if (options.producers[i].producer.produce_version_max < produce_by_id)
            return namesake_problem{
                false, i,
                "[producer] where [recreations] makes topics again, produce_version_max must be 13"};
    for (std::size_t i = 0; i < options.readers.size(); ++i)
        if (options.readers[i].fetch_version_max < fetch_by_id)
            return namesake_problem{
                true, i,
                "[reader] where [recreations] makes topics again, fetch_version_max must be at least 13"};
    return {};
}

std::optional<std::string> problem_of(const planned_send& send, virtual_time before,
                                      const produce_consume_options& options) {
    if (send.at < before)
        return "the batches must stand in the order of their times";
    if (send.at > options.progress_due)
        return "the load ends when progress is due, at " + field_text("at_ns", options.progress_due);
    if (send.producer >= options.producers.size())
        return "there is no producer " + std::to_string(send.producer);
    if (send.where.topic >= options.topics.size() || send.where.partition < 0 ||
        send.where.partition >= options.topics[send.where.topic].partitions)
        return "there is no partition " + to_string(send.where);
    if (send.compression == batch::codec::zstd &&
        options.producers[send.producer].producer.produce_version_max < kafka::produce_with_zstd)
        return "Produce before version 7 takes no zstd";
    if (send.value_bytes.size() > records_most)
        return "a batch has at most " + std::to_string(records_most) + " records";
    for (const auto bytes : send.value_bytes) {
        if (bytes > value_bytes_most)
            return "a value has at most " + std::to_string(value_bytes_most) + " bytes";
    }
    return {};
}

std::optional<std::string> problem_of(const choice_log::loop& loop, const produce_consume_options& options) {
    const bool of_broker = loop.host == "broker";
    if (!of_broker && !is_client(loop.host, options))
        return "there is no host " + loop.host;
    const auto& scheduler = of_broker ? options.broker_scheduler : options.client_scheduler;
    if (loop.life < 1 || loop.number >= scheduler.loops)
        return loop.host + " has the loops 0.." + std::to_string(scheduler.loops - 1) +
               ", and its lives are counted from 1";
    if (scheduler.policy != choice_policy::as_recorded)
        return std::string("choices count only where [") + (of_broker ? "broker" : "clients") +
               "] says policy = as_recorded";
    return {};
}

} // namespace barnabas::sim
