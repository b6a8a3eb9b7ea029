#include "cmd/barnabas/json_text.hpp"
#include "cmd/barnabas/tools/groups_tool.hpp"

#include <algorithm>
#include <charconv>

// Tables and files of `barnabas consumer-groups`.
namespace barnabas::groups {

using tools::columns;

namespace {

template <class Number>
std::string text_of(const std::optional<Number>& number) {
    return number ? std::to_string(*number) : "-";
}

std::string or_dash(const std::string& text) {
    return text.empty() ? "-" : text;
}

std::string epoch_text(std::int32_t epoch) {
    return epoch < 0 ? "-" : std::to_string(epoch);
}

/// "orders:0,1;audit:2".
std::string assignment_text(const std::map<std::string, std::vector<std::int32_t>>& assignment) {
    std::vector<std::string> topics;
    for (auto [topic, partitions] : assignment) {
        std::sort(partitions.begin(), partitions.end());
        std::vector<std::string> numbers;
        for (const auto one : partitions)
            numbers.push_back(std::to_string(one));
        if (!numbers.empty())
            topics.push_back(topic + ":" + tools::joined(numbers, ","));
    }
    return or_dash(tools::joined(topics, ";"));
}

std::size_t partition_count(const client::member_description& member) {
    std::size_t count = 0;
    for (const auto& [topic, partitions] : member.assignment)
        count += partitions.size();
    return count;
}

std::vector<std::string> cells_of(const offset_row& row, bool verbose) {
    std::vector<std::string> cells{row.group, row.partition.topic, std::to_string(row.partition.partition)};
    if (verbose)
        cells.push_back(text_of(row.leader_epoch));
    cells.insert(cells.end(), {text_of(row.committed), text_of(row.end), text_of(row.lag())});
    if (row.reader)
        cells.insert(cells.end(), {row.reader->id, row.reader->host, row.reader->client_id});
    else
        cells.insert(cells.end(), {"-", "-", "-"});
    return cells;
}

/// As wide as the widest cell of the column, and at least `least`.
std::size_t width_of(const std::vector<std::vector<std::string>>& rows, std::size_t column,
                     std::size_t least) {
    for (const auto& row : rows)
        least = std::max(least, row[column].size());
    return least;
}

} // namespace

std::string offsets_text(const std::vector<offset_row>& rows, bool verbose) {
    std::vector<std::string> head{"GROUP", "TOPIC", "PARTITION"};
    std::vector<std::size_t> widths{15, 15, 10};
    if (verbose) {
        head.emplace_back("LEADER-EPOCH");
        widths.push_back(15);
    }
    head.insert(head.end(), {"CURRENT-OFFSET", "LOG-END-OFFSET", "LAG", "CONSUMER-ID", "HOST", "CLIENT-ID"});
    widths.insert(widths.end(), {15, 15, 15, 15, 15, 0});
    std::vector<std::vector<std::string>> cells{head};
    for (const auto& row : rows)
        cells.push_back(cells_of(row, verbose));
    const auto reader = head.size() - 3;
    for (const auto column : {std::size_t{0}, std::size_t{1}, reader, reader + 1})
        widths[column] = width_of(cells, column, widths[column]);
    std::string text;
    for (const auto& row : cells)
        text += "\n" + columns(row, widths);
    return text + "\n";
}

std::string members_text(const client::group_description& group, bool verbose) {
    const bool with_instance = std::any_of(group.members.begin(), group.members.end(),
                                           [](const auto& one) { return one.instance_id.has_value(); });
    std::vector<std::string> head{"GROUP", "CONSUMER-ID"};
    std::vector<std::size_t> widths{15, 15};
    if (with_instance) {
        head.emplace_back("GROUP-INSTANCE-ID");
        widths.push_back(17);
    }
    head.insert(head.end(), {"HOST", "CLIENT-ID", "#PARTITIONS"});
    widths.insert(widths.end(), {15, 15, 15});
    if (verbose) {
        head.insert(head.end(), {"CURRENT-EPOCH", "CURRENT-ASSIGNMENT", "TARGET-EPOCH", "TARGET-ASSIGNMENT"});
        widths.insert(widths.end(), {15, 20, 15, 20});
    }
    std::vector<std::vector<std::string>> rows{head};
    for (const auto& one : group.members) {
        std::vector<std::string> cells{group.id, one.id};
        if (with_instance)
            cells.push_back(one.instance_id.value_or(""));
        cells.insert(cells.end(), {one.host, one.client_id, std::to_string(partition_count(one))});
        if (verbose)
            cells.insert(cells.end(), {epoch_text(one.epoch), assignment_text(one.assignment),
                                       epoch_text(group.is_consumer_protocol ? group.target_epoch : -1),
                                       assignment_text(one.target_assignment)});
        rows.push_back(std::move(cells));
    }
    for (std::size_t column = 0; column < head.size(); ++column)
        widths[column] = width_of(rows, column, widths[column]);
    std::string text = "\n";
    for (const auto& row : rows)
        text += columns(row, widths) + (verbose ? "\n" : " \n");
    return text;
}

std::string state_text(const client::group_description& group, const client::broker_description& coordinator,
                       bool verbose) {
    std::vector<std::string> head{"GROUP", "COORDINATOR (ID)", "ASSIGNMENT-STRATEGY", "STATE"};
    std::vector<std::string> row{group.id,
                                 coordinator.host + ":" + std::to_string(coordinator.port) + "  (" +
                                     std::to_string(coordinator.id) + ")",
                                 or_dash(group.assignor), group.state};
    std::vector<std::size_t> widths{std::max<std::size_t>(15, row[0].size()),
                                    std::max<std::size_t>(25, row[1].size()), 20, 20};
    if (verbose) {
        head.insert(head.end(), {"GROUP-EPOCH", "TARGET-ASSIGNMENT-EPOCH"});
        row.insert(row.end(), {epoch_text(group.epoch), epoch_text(group.target_epoch)});
        widths.insert(widths.end(), {15, 25});
    }
    head.emplace_back("#MEMBERS");
    row.push_back(std::to_string(group.members.size()));
    widths.push_back(0);
    return "\n" + columns(head, widths) + "\n" + columns(row, widths) + "\n";
}

namespace {

/// "Classic", whatever the broker's version says.
std::string type_name(const client::group_listing& group) {
    auto name = group.type;
    if (!name.empty() && name[0] >= 'a' && name[0] <= 'z')
        name[0] = static_cast<char>(name[0] - 'a' + 'A');
    return name;
}

} // namespace

std::string listing_json(const std::vector<client::group_listing>& groups) {
    std::vector<json_object> all;
    for (const auto& one : groups)
        all.push_back(json_object()
                          .add("group", one.id)
                          .add("type", one.type)
                          .add("protocolType", one.protocol_type)
                          .add("state", one.state));
    return json_object().add("groups", all).text() + "\n";
}

std::string all_groups_text(const std::vector<client::group_listing>& groups) {
    std::vector<std::vector<std::string>> rows{{"GROUP", "TYPE", "PROTOCOL"}};
    for (const auto& one : groups)
        rows.push_back({one.id, type_name(one), one.protocol_type});
    std::size_t width = 20;
    for (std::size_t column = 0; column < rows.front().size(); ++column)
        width = width_of(rows, column, width);
    std::string text;
    // Kafka's rows end with a blank, their head does not.
    for (const auto& row : rows)
        text += columns(row, {width, width, width}) + (&row == &rows.front() ? "\n" : " \n");
    return text;
}

std::string listing_text(const std::vector<client::group_listing>& groups, bool with_type, bool with_state) {
    std::vector<std::vector<std::string>> rows{{"GROUP"}};
    if (with_type)
        rows[0].emplace_back("TYPE");
    if (with_state)
        rows[0].emplace_back("STATE");
    for (const auto& one : groups) {
        std::vector<std::string> row{one.id};
        if (with_type)
            row.push_back(or_dash(type_name(one)));
        if (with_state)
            row.push_back(or_dash(one.state));
        rows.push_back(std::move(row));
    }
    constexpr std::size_t beside = 10;
    const std::vector<std::size_t> widths{width_of(rows, 0, 15) + beside, 20, 20};
    std::string text;
    for (const auto& row : rows)
        text += columns(row, widths) + "\n";
    return text;
}

std::string plan_text(const std::map<std::string, offsets>& plans) {
    std::vector<std::vector<std::string>> rows;
    if (!plans.empty())
        rows.push_back({"GROUP", "TOPIC", "PARTITION", "NEW-OFFSET"});
    for (const auto& [group, plan] : plans)
        for (const auto& [name, offset] : plan)
            rows.push_back({group, name.topic, std::to_string(name.partition), std::to_string(offset)});
    const std::vector<std::size_t> widths{width_of(rows, 0, 15), width_of(rows, 1, 15), 10, 0};
    std::string text;
    for (const auto& row : rows)
        text += "\n" + columns(row, widths);
    return text + "\n";
}

namespace {

/// Kafka's writer of CSV puts into quotes what is long or has bytes up to the comma.
std::string csv_field(const std::string& text) {
    constexpr std::size_t looked_at = 24;
    const bool plain =
        text.size() <= looked_at && std::all_of(text.begin(), text.end(), [](char c) { return c > ','; });
    return plain ? text : "\"" + text + "\"";
}

/// Fields between commas, without their quotes. Names of groups may hold commas, in quotes.
std::vector<std::string> csv_fields(std::string_view line) {
    std::vector<std::string> fields(1);
    bool quoted = false;
    for (const char c : line) {
        if (c == '"')
            quoted = !quoted;
        else if (c == ',' && !quoted)
            fields.emplace_back();
        else
            fields.back() += c;
    }
    return fields;
}

std::optional<error> take_line(const std::vector<std::string>& fields,
                               const std::optional<std::string>& only_group,
                               std::map<std::string, offsets>& plans) {
    const bool with_group = fields.size() == 4;
    if (!with_group && (fields.size() != 3 || !only_group))
        return tools::wrong(only_group ? "expected topic,partition,offset"
                                       : "expected group,topic,partition,offset");
    const std::size_t at = with_group ? 1 : 0;
    const auto partition = tools::whole_number(fields[at + 1]);
    const auto offset = tools::whole_number(fields[at + 2]);
    if (!partition || !offset || *partition < 0 || *partition > 0x7fffffff || *offset < 0)
        return tools::wrong("partition and offset must be whole numbers");
    plans[with_group ? fields[0] : *only_group][{fields[at], static_cast<std::int32_t>(*partition)}] =
        *offset;
    return std::nullopt;
}

} // namespace

std::string plan_csv(const std::map<std::string, offsets>& plans, bool with_group) {
    std::string text;
    for (const auto& [group, plan] : plans)
        for (const auto& [name, offset] : plan)
            text += (with_group ? csv_field(group) + "," : "") + csv_field(name.topic) + "," +
                    std::to_string(name.partition) + "," + std::to_string(offset) + "\n";
    return text;
}

result<std::map<std::string, offsets>> parse_plan_csv(const std::string& file, const std::string& text,
                                                      const std::optional<std::string>& only_group) {
    std::map<std::string, offsets> plans;
    std::size_t number = 0;
    for (std::string_view rest = text; !rest.empty();) {
        const auto end = std::min(rest.find('\n'), rest.size());
        auto line = rest.substr(0, end);
        rest.remove_prefix(std::min(end + 1, rest.size()));
        ++number;
        if (line.ends_with('\r'))
            line.remove_suffix(1);
        if (line.empty())
            continue;
        if (const auto bad = take_line(csv_fields(line), only_group, plans))
            return tools::wrong(file + ":" + std::to_string(number) + ": " + bad->detail);
    }
    return plans;
}

} // namespace barnabas::groups
