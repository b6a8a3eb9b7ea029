#include "sim/workloads/group_admin.hpp"

#include "actors/client/retry_rules.hpp"
#include "protocol/kafka/delete_groups.hpp"
#include "protocol/kafka/frame.hpp"
#include "protocol/kafka/offset_delete.hpp"
#include "protocol/kafka/offset_fetch.hpp"
#include "runtime/node/node_services.hpp"
#include "sim/network/network_fabric.hpp"
#include "sim/node/simulated_node.hpp"
#include "sim/workloads/lookup_answer.hpp"

#include <algorithm>
#include <utility>

namespace barnabas::sim {

namespace {

constexpr const char* group_admin_name = "group-admin";
/// A connection that does not come about, or brings no answer, for so long is given up.
constexpr std::int64_t group_admin_patience_ns = 5 * second;
constexpr std::int64_t audit_interval_ns = 20 * millisecond;
constexpr std::int16_t fetch_version_least = 2;
constexpr std::int16_t fetch_version_most = 7;
constexpr std::int16_t delete_groups_version_most = kafka::delete_groups_request::highest_version;

/// What a deletion may be answered by a coordinator that is well.
bool is_fair(kafka::error_code code) {
    using kafka::error_code;
    return code == error_code::none || code == error_code::non_empty_group ||
           code == error_code::group_id_not_found || code == error_code::group_subscribed_to_topic ||
           client::may_pass(code);
}

} // namespace

std::vector<std::int32_t> group_admin::group::numbers() const {
    std::vector<std::int32_t> all;
    for (const auto& topic : topics)
        for (std::int32_t partition = 0; partition < topic.partitions; ++partition)
            all.push_back(topic.first_number + partition);
    return all;
}

std::optional<std::int32_t> group_admin::group::number_of(const std::string& topic,
                                                          std::int32_t partition) const {
    const auto found =
        std::find_if(topics.begin(), topics.end(), [&](const auto& one) { return one.name == topic; });
    const bool known = found != topics.end() && partition >= 0 && partition < found->partitions;
    return known ? std::optional(found->first_number + partition) : std::nullopt;
}

group_admin::group_admin(world& time, network_fabric& network, observation& watched,
                         group_admin_options options, parts with)
    : world_(time), options_(options), with_(std::move(with)),
      host_(time, network, {group_admin_name, {}, memory_disk::unlimited, {}}),
      draws_(time.draws(draw_stream::workload).split(group_admin_name)) {
    host_.start([](runtime::node_services&) {}, furnished({}, time, watched, group_admin_name));
}

group_admin::~group_admin() {
    rest();
}

void group_admin::begin() {
    if (options_.interval_ns > 0)
        ask_later();
}

void group_admin::audit() {
    const bool asks_already = options_.interval_ns > 0;
    options_.interval_ns = audit_interval_ns;
    auditing_ = true;
    if (!asks_already)
        ask_later();
}

void group_admin::rest() {
    if (std::exchange(resting_, true))
        return;
    if (session_ != nullptr)
        session_->drop();
    session_ = nullptr;
    host_.crash(crash_kind::kill);
}

void group_admin::ask_later() {
    const auto wait = draws_.between(options_.interval_ns / 4, options_.interval_ns * 7 / 4);
    world_.schedule_after(wait, world_owner, [this] {
        if (resting_ || is_audited())
            return;
        ask();
        ask_later();
    });
}

void group_admin::ask() {
    const bool waits = session_ != nullptr && (asked_ || !session_->is_open());
    if (waits && world_.now() - waits_since_ > group_admin_patience_ns)
        session_->drop();
    if (session_ == nullptr || session_->is_over()) {
        forget_question();
        waits_since_ = world_.now();
        session_ = std::make_shared<lookup_session>(world_, [this](const slice& frame) { on_frame(frame); });
        return session_->connect(*host_.node()->services().network, with_.broker);
    }
    if (asked_ || !session_->is_open())
        return;
    auto next = drawn_question();
    waits_since_ = next.asked = world_.now();
    ++correlation_;
    const auto& of = with_.groups[next.group];
    world_.record(host_.number(), trace_kind::note, static_cast<std::uint64_t>(correlation_),
                  static_cast<std::uint64_t>(next.of), of.number);
    if (next.of != subject::fetch)
        for (const auto partition : of.numbers()) {
            const auto commit = next.commits[partition] = with_.next_commit();
            with_.on_event(group_commit{commit, of.number, 0, {}, -1, partition, log_offset(-1), next.asked});
        }
    asked_ = std::move(next);
    session_->write(frame_of(*asked_));
}

group_admin::question group_admin::drawn_question() {
    question made;
    if (auditing_) {
        made.group = audited_;
        made.version = static_cast<std::int16_t>(draws_.between(fetch_version_least, fetch_version_most));
        return made;
    }
    made.group = static_cast<std::size_t>(draws_.below(with_.groups.size()));
    made.version = fetch_version_most;
    if (!options_.touches(with_.groups[made.group].number))
        return made;
    made.of = draws_.chance(1, 2) ? subject::delete_offsets : subject::delete_group;
    made.version = 0;
    if (made.of == subject::delete_group)
        made.version = static_cast<std::int16_t>(draws_.between(0, delete_groups_version_most));
    return made;
}

std::vector<slice> group_admin::frame_of(const question& asked) const {
    const auto& of = with_.groups[asked.group];
    const std::string name = group_admin_name;
    if (asked.of == subject::delete_group) {
        kafka::delete_groups_request request;
        request.groups_names.push_back(of.name);
        return kafka::frame_request(correlation_, name, request, asked.version);
    }
    if (asked.of == subject::delete_offsets) {
        kafka::offset_delete_request request;
        request.group_id = of.name;
        for (const auto& one : of.topics) {
            auto& topic = request.topics.emplace_back();
            topic.name = one.name;
            for (std::int32_t partition = 0; partition < one.partitions; ++partition)
                topic.partitions.emplace_back().partition_index = partition;
        }
        return kafka::frame_request(correlation_, name, request, asked.version);
    }
    kafka::offset_fetch_request request;
    request.group_id = of.name;
    request.topics.emplace();
    for (const auto& one : of.topics) {
        auto& topic = request.topics->emplace_back();
        topic.name = one.name;
        for (std::int32_t partition = 0; partition < one.partitions; ++partition)
            topic.partition_indexes.push_back(partition);
    }
    return kafka::frame_request(correlation_, name, request, asked.version);
}

void group_admin::on_frame(const slice& frame) {
    if (!asked_)
        return with_.on_problem("group-admin: an answer came that nobody asked for");
    const auto asked = *std::exchange(asked_, std::nullopt);
    world_.record(host_.number(), trace_kind::note, static_cast<std::uint64_t>(correlation_), frame.size());
    kafka::wire_reader in(frame);
    if (auto done = hear(asked, in); !done)
        with_.on_problem("group-admin: an answer cannot be read: " + to_string(done.failure()));
}

result<void> group_admin::hear(const question& asked, kafka::wire_reader& in) {
    switch (asked.of) {
    case subject::delete_offsets: return hear_deleted_offsets(asked, in);
    case subject::delete_group: return hear_deleted_group(asked, in);
    case subject::fetch: break;
    }
    return hear_offsets(asked, in);
}

result<void> group_admin::hear_offsets(const question& asked, kafka::wire_reader& in) {
    const auto answer = answer_to<kafka::offset_fetch_response>(correlation_, in, asked.version);
    if (!answer)
        return answer.failure();
    const auto& of = with_.groups[asked.group];
    std::size_t told = 0;
    for (const auto& topic : answer->topics)
        for (const auto& partition : topic.partitions) {
            if (answer->error_code != 0 || partition.error_code != 0)
                continue;
            const auto number = of.number_of(topic.name, partition.partition_index);
            if (!number) {
                with_.on_problem("group-admin: an answer for a partition that nobody asked for");
                continue;
            }
            ++told;
            with_.on_event(group_offset_seen{of.number, *number, log_offset(partition.committed_offset),
                                             asked.asked, world_.now()});
        }
    if (auditing_ && asked.group == audited_ && told == of.numbers().size())
        ++audited_;
    return {};
}

result<void> group_admin::hear_deleted_offsets(const question& asked, kafka::wire_reader& in) {
    const auto answer = answer_to<kafka::offset_delete_response>(correlation_, in, asked.version);
    if (!answer)
        return answer.failure();
    if (answer->error_code != 0) {
        for (const auto& [partition, commit] : asked.commits)
            end_deletion(commit, answer->error_code);
        return {};
    }
    const auto& of = with_.groups[asked.group];
    for (const auto& topic : answer->topics)
        for (const auto& partition : topic.partitions) {
            if (const auto number = of.number_of(topic.name, partition.partition_index))
                end_deletion(asked.commits.at(*number), partition.error_code);
            else
                with_.on_problem("group-admin: an answer for a partition that nobody asked for");
        }
    return {};
}

result<void> group_admin::hear_deleted_group(const question& asked, kafka::wire_reader& in) {
    const auto answer = answer_to<kafka::delete_groups_response>(correlation_, in, asked.version);
    if (!answer)
        return answer.failure();
    for (const auto& group : answer->results)
        for (const auto& [partition, commit] : asked.commits)
            end_deletion(commit, group.error_code);
    return {};
}

void group_admin::end_deletion(std::uint64_t commit, std::optional<std::int16_t> code) {
    std::optional<kafka::error_code> outcome;
    if (code)
        outcome = kafka::error_code{*code};
    if (outcome && !is_fair(*outcome))
        with_.on_problem("group-admin: a deletion was answered " + std::string(kafka::name_of(*outcome)));
    with_.on_event(group_commit_result{commit, outcome, world_.now()});
}

void group_admin::forget_question() {
    const auto lost = std::exchange(asked_, std::nullopt);
    if (!lost)
        return;
    for (const auto& [partition, commit] : lost->commits)
        end_deletion(commit, std::nullopt);
}

} // namespace barnabas::sim
