// What programs that are members say of their groups, for the checkers of all members. A program does not see
// what its consumer is answered: it looks with every poll at who it is, so a time at which something was
// asked is the last one at which that had not happened yet.

#include "sim/workloads/library_consumers.hpp"

namespace barnabas::sim {

namespace {

/// Beside the groups, members and commits of `group_members`.
constexpr std::uint64_t first_group = 1'000;
constexpr std::uint32_t first_member = 1'000;
constexpr std::uint64_t first_commit = std::uint64_t{1} << 40;

} // namespace

std::uint64_t library_consumers::group_of(const program& one) {
    return first_group + one.options.group;
}

std::uint32_t library_consumers::member_of(const program& one) {
    return first_member + one.number;
}

std::uint64_t library_consumers::instance_of(const program& one) {
    return one.options.named ? one.number + 1 : 0;
}

void library_consumers::tell_started(const program& one) const {
    if (one.options.group == 0)
        return;
    if (one.options.by_heartbeat)
        with_.on_group(group_has_epochs{group_of(one)});
    staying_out excuse;
    excuse.of_full_group = limits_groups(with_.broker_config);
    with_.on_group(group_member_started{group_of(one), member_of(one), excuse, world_.now()});
}

void library_consumers::look_at_membership(program& one, const client::cluster_consumer& consumer) {
    if (one.options.group == 0)
        return;
    const auto now = world_.now();
    const auto is = consumer.identity();
    if (is.id != one.is.id || is.generation != one.is.generation)
        one.was_other_at = one.looked_at;
    one.is = is;
    one.looked_at = now;
    const auto& sign = consumer.last_heartbeat();
    if (!sign || sign->heard == one.heard_at)
        return;
    one.heard_at = sign->heard;
    const auto clock = one.host->host().clock().monotonic_now();
    // A group of the consumer protocol begins anew when it was empty, under the ids that members had: epochs
    // of one life say nothing of the next.
    const auto generation = one.options.by_heartbeat ? -1 : sign->as.generation;
    with_.on_group(group_alive{group_of(one), member_of(one), instance_of(one), sign->as.id, generation,
                               now - (clock - sign->asked), now - (clock - sign->heard)});
}

bool library_consumers::is_lasting(const program& one, virtual_time asked) const {
    const auto kept = kept_.find(one.options.group);
    return !offsets_expire(with_.broker_config) && kept != kept_.end() && kept->second <= asked;
}

void library_consumers::tell_assigned(const program& one,
                                      const std::vector<client::partition_name>& partitions) const {
    if (one.options.group == 0 || one.options.by_heartbeat || one.is.generation < 0)
        return;
    group_assigned told;
    told.group = group_of(one);
    told.member = member_of(one);
    told.instance = instance_of(one);
    told.id = one.is.id;
    told.generation = one.is.generation;
    told.partitions = numbers_of({partitions.begin(), partitions.end()});
    told.lasting = is_lasting(one, one.was_other_at);
    told.asked = one.was_other_at;
    told.at = world_.now();
    with_.on_group(told);
}

/// Of the classic protocol: in the other one the consumer may make the same commit again under a newer epoch.
std::vector<std::uint64_t> library_consumers::tell_commits(const program& one,
                                                           const client::member_identity& as,
                                                           const std::map<place, log_offset>& positions) {
    std::vector<std::uint64_t> numbers;
    if (one.options.by_heartbeat)
        return numbers;
    for (const auto& [where, offset] : positions) {
        numbers.push_back(first_commit + ++commits_);
        const client::partition_name name{"t" + std::to_string(where.topic), where.partition};
        with_.on_group(group_commit{numbers.back(), group_of(one), instance_of(one), as.id, as.generation,
                                    numbers_of({name}).front(), offset, world_.now()});
    }
    return numbers;
}

/// A commit that failed may have been made by its first attempt.
void library_consumers::tell_results(const std::vector<std::uint64_t>& numbers, bool done) const {
    for (const auto number : numbers)
        with_.on_group(group_commit_result{
            number, done ? std::optional(kafka::error_code::none) : std::nullopt, world_.now()});
}

void library_consumers::tell_owned(const program& one) const {
    if (one.options.group != 0 && one.options.by_heartbeat)
        with_.on_group(group_owned{group_of(one), member_of(one), numbers_of(one.has)});
}

void library_consumers::tell_wanted(const program& one, bool wants) const {
    if (one.options.group != 0 && one.options.by_heartbeat)
        with_.on_group(group_wanted{group_of(one), member_of(one),
                                    numbers_of(wants ? all_partitions() : std::set<partition_name>())});
}

/// Partitions of all topics are counted as one row.
std::vector<std::int32_t> library_consumers::numbers_of(const std::set<partition_name>& names) const {
    std::vector<std::int32_t> numbers;
    std::int32_t next = 0;
    for (const auto& name : all_partitions()) {
        if (names.contains(name))
            numbers.push_back(next);
        ++next;
    }
    return numbers;
}

} // namespace barnabas::sim
