#include "actors/broker/lag/lag_text.hpp"

#include "runtime/metrics/text.hpp"

#include <algorithm>
#include <optional>
#include <string_view>

namespace barnabas {

namespace {

using optional_number = std::optional<std::int64_t>;

/// Families of one report, written one after another.
class lag_writer {
public:
    explicit lag_writer(const lag_report& report) : report_(report) {}

    void family(std::string_view name, std::string_view help) {
        name_ = name;
        out += "# HELP ";
        out.append(name).append(" ").append(help).append("\n# TYPE ").append(name).append(" gauge\n");
    }
    void line(const std::string& labels, const std::string& value) {
        out.append(name_).append(labels).append(" ").append(value).append("\n");
    }

    /// A line for each partition that has a value.
    template <class Value>
    void partitions(const Value& value_of) {
        for_each_topic(report_, [&](const group_lag& group, const topic_lag& topic) {
            const auto labels = labels_of(group, topic) + ",partition=\"";
            for (const auto& one : topic.partitions)
                if (const auto value = value_of(one))
                    line(labels + std::to_string(one.index.get()) + "\"}", *value);
        });
    }
    /// A line for each topic whose partitions all have a value.
    template <class Value>
    void topics(const Value& value_of) {
        for_each_topic(report_, [&](const group_lag& group, const topic_lag& topic) {
            optional_number sum = 0;
            for (const auto& one : topic.partitions) {
                const optional_number value = value_of(one);
                sum = sum && value ? optional_number(*sum + *value) : std::nullopt;
            }
            if (sum)
                line(labels_of(group, topic) + "}", std::to_string(*sum));
        });
    }

    std::string out;

private:
    static std::string labels_of(const group_lag& group, const topic_lag& topic) {
        return "{consumergroup=\"" + runtime::escaped_label(group.name) + "\",topic=\"" +
               runtime::escaped_label(topic.topic) + "\"";
    }

    const lag_report& report_;
    std::string_view name_;
};

/// Milliseconds as seconds, with three digits.
std::string seconds(std::int64_t milliseconds) {
    const auto rest = std::to_string(milliseconds % 1000);
    return std::to_string(milliseconds / 1000) + "." + std::string(3 - rest.size(), '0') + rest;
}

optional_number committed_of(const partition_lag& one) {
    return one.committed.get();
}

optional_number records_of(const partition_lag& one) {
    return one.records;
}

template <class Value>
auto as_text(const Value& value_of) {
    return [value_of](const partition_lag& one) -> std::optional<std::string> {
        const optional_number value = value_of(one);
        return value ? std::optional(std::to_string(*value)) : std::nullopt;
    };
}

} // namespace

std::string lag_text(const lag_report& report, timestamp_ms now) {
    lag_writer writer(report);
    writer.family("kafka_consumergroup_members", "Members of the group.");
    for (const auto& group : report.groups)
        writer.line("{consumergroup=\"" + runtime::escaped_label(group.name) + "\"}",
                    std::to_string(group.members));
    writer.family("kafka_consumergroup_current_offset", "Offset that the group has committed.");
    writer.partitions(as_text(committed_of));
    writer.family("kafka_consumergroup_current_offset_sum",
                  "Offsets that the group has committed, over all partitions of the topic.");
    writer.topics(committed_of);
    writer.family("kafka_consumergroup_lag", "Records between what the group has committed and the end.");
    writer.partitions(as_text(records_of));
    writer.family("kafka_consumergroup_lag_sum", "The lag over all partitions of the topic.");
    writer.topics(records_of);
    writer.family(
        "barnabas_consumer_group_lag_seconds",
        "Seconds since the timestamp of the first record that the group has not read; 0 without one.");
    writer.partitions([now](const partition_lag& one) -> std::optional<std::string> {
        if (one.read_all)
            return "0";
        if (!one.oldest)
            return std::nullopt;
        return seconds(std::max<std::int64_t>(now - *one.oldest, 0));
    });
    writer.family("barnabas_consumer_group_lag_left_out",
                  "Committed offsets that are not shown: barnabas.consumer.lag.partitions.max is used up.");
    writer.line("", std::to_string(report.left_out));
    return std::move(writer.out);
}

} // namespace barnabas
