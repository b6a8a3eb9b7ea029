#include "actors/connection/protocol_page.hpp"

#include "actors/connection/dispatch.hpp"
#include "protocol/kafka/releases.hpp"

#include <algorithm>
#include <initializer_list>

namespace barnabas {

namespace {

/// What a person should know of an API beyond its versions.
std::string remark_on(kafka::api_key key) {
    switch (key) {
    case kafka::api_key::produce:
        return "0 to 2 carry message sets, which are converted to batches; no transactions";
    case kafka::api_key::fetch:
        return "0 to 3 carry message sets, into which batches are converted; with incremental sessions, "
               "which end with their connection";
    case kafka::api_key::find_coordinator:
        return "of groups; of transactions always COORDINATOR_NOT_AVAILABLE, there are none yet; version 6 "
               "came for share groups (KIP-932), whose keys are answered INVALID_REQUEST";
    case kafka::api_key::offset_commit:
    case kafka::api_key::offset_fetch:
        return "version 0, which meant ZooKeeper once, is served as the others are";
    case kafka::api_key::init_producer_id:
        return "for idempotent producers; NOT_COORDINATOR with a transactional id";
    case kafka::api_key::list_offsets:
        return "nothing is tiered: -4 is the start of the log, -5 and -6 find no offset; version 0 is given "
               "one offset at most, not the starts of several segments";
    case kafka::api_key::delete_records: return "answered when the new start of the log is on stable storage";
    case kafka::api_key::offset_for_leader_epoch: return "the latest epoch ends at the high watermark";
    case kafka::api_key::describe_cluster: return "brokers only";
    case kafka::api_key::describe_configs:
        return "topics, brokers and groups; a resource that is named twice is told once";
    case kafka::api_key::alter_configs:
    case kafka::api_key::incremental_alter_configs:
        return "topics, dynamic keys of brokers, and groups; loggers and client metrics have no configs";
    case kafka::api_key::update_features: return "group.version, whose level cannot change";
    case kafka::api_key::api_versions: return "an unknown version is answered in version 0 (KIP-511)";
    default: return "";
    }
}

/// Why some versions of an API that is served are not.
std::string why_left_out(kafka::api_key key) {
    switch (key) {
    case kafka::api_key::init_producer_id: return "it is for transactions, which are not built yet";
    case kafka::api_key::api_versions:
        return "with it a broker says whether it is the one that was meant, which is not built yet";
    default: return "";
    }
}

/// Why an API is not served.
std::string why_not(kafka::api_key key) {
    const auto number = static_cast<int>(key);
    const auto is_one_of = [&](std::initializer_list<int> numbers) {
        return std::find(numbers.begin(), numbers.end(), number) != numbers.end();
    };
    if (is_one_of({4, 5, 6, 7}))
        return "between brokers and controller of Kafka before 4.0";
    if (number == 27)
        return "between the nodes of a Kafka cluster, and from tools that end a hanging transaction; "
               "transactions are not built yet";
    if (is_one_of({52, 53, 54, 56, 58, 59, 62, 63, 67, 70, 73, 82, 83, 84, 85, 86, 87}))
        return "between the nodes of a Kafka cluster; those of Barnabas have messages of their own";
    if (is_one_of({24, 25, 26, 28, 65, 66}))
        return "transactions are not built yet";
    if (is_one_of({76, 77, 78, 79, 88, 89, 90, 91, 92, 93}))
        return "share and streams groups are not built yet";
    if (is_one_of({17, 29, 30, 31, 36, 38, 39, 40, 41, 50, 51}))
        return "authentication and authorisation are not built yet";
    if (is_one_of({43, 45, 46, 55, 64, 80, 81, 94}))
        return "there is one node yet";
    return "not built yet";
}

/// `0.8.2 to 4.1`: the releases of Kafka that brought the first and the last of these versions.
std::string since(const kafka::api_releases& known, std::int16_t lowest, std::int16_t highest) {
    const auto release = [&](std::int16_t version) {
        const auto name = known.since[static_cast<std::size_t>(version - known.lowest_version)];
        constexpr std::string_view early = "early:";
        return name.starts_with(early) ? std::string(name.substr(early.size())) + " (early access)"
                                       : std::string(name);
    };
    const auto first = release(lowest);
    const auto last = release(highest);
    return first == last ? first : first + " to " + last;
}

std::string versions(std::int16_t lowest, std::int16_t highest) {
    return lowest == highest ? std::to_string(lowest)
                             : std::to_string(lowest) + " to " + std::to_string(highest);
}

std::string served_row(const api_row& row, const kafka::api_releases& known) {
    std::string remark = remark_on(row.key);
    const auto leave_out = [&](std::int16_t lowest, std::int16_t highest) {
        if (lowest <= highest)
            remark += (remark.empty() ? "not " : "; not ") + versions(lowest, highest) + " of Kafka " +
                      since(known, lowest, highest) + ": " + why_left_out(row.key);
    };
    leave_out(known.lowest_version, static_cast<std::int16_t>(row.lowest - 1));
    leave_out(static_cast<std::int16_t>(row.highest + 1), known.highest_version());
    return "| " + std::to_string(static_cast<int>(row.key)) + " | " + std::string(kafka::name_of(row.key)) +
           " | " + versions(row.lowest, row.highest) + " | " + since(known, row.lowest, row.highest) + " | " +
           remark + " |\n";
}

std::string unserved_row(const kafka::api_releases& known) {
    const auto highest = known.highest_version();
    return "| " + std::to_string(static_cast<int>(known.key)) + " | " +
           std::string(kafka::name_of(known.key)) + " | " + versions(known.lowest_version, highest) + " | " +
           since(known, known.lowest_version, highest) + " | " + why_not(known.key) + " |\n";
}

} // namespace

std::string protocol_page() {
    std::string served, unserved;
    for (const auto& known : kafka::releases()) {
        const auto* row = find_api(known.key);
        row != nullptr ? served += served_row(*row, known) : unserved += unserved_row(known);
    }
    return "# Protocol support\n\n"
           "Made from the dispatch table (`actors/connection/dispatch.cpp`), which also answers ApiVersions, "
           "and from the\nschemas. Every version listed gets an answer that decodes; any other key or "
           "version "
           "closes the connection, as Kafka\ndoes. \"Since\" names the releases of Kafka that brought the "
           "first "
           "and the last version.\n\n"
           "| key | API | versions | since | remark |\n|---|---|---|---|---|\n" +
           served +
           "\n## Not served\n\nAll of these have a schema, so they can be decoded and written.\n\n"
           "| key | API | versions | since | why |\n|---|---|---|---|---|\n" +
           unserved;
}

} // namespace barnabas
