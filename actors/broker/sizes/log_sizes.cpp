#include "actors/broker/sizes/log_sizes.hpp"

#include "runtime/metrics/text.hpp"

#include <string_view>
#include <utility>

namespace barnabas {

std::vector<topic_partition> log_sizes::begin(const metadata_image& image,
                                              const std::function<bool(const topic_partition&)>& is_here) {
    first_token_ += asked_.size();
    asked_.clear();
    left_out_ = 0;
    std::vector<topic_partition> wanted;
    for (const auto& [name, topic] : image.topics)
        for (const auto& one : topic.partitions) {
            const topic_partition id{topic.id, one.index};
            if (!is_here(id))
                continue;
            if (wanted.size() == partitions_max_) {
                ++left_out_;
                continue;
            }
            wanted.push_back(id);
            asked_.push_back({"{topic=\"" + runtime::escaped_label(name) + "\",partition=\"" +
                              std::to_string(one.index.get()) + "\"} "});
        }
    open_ = wanted.size();
    return wanted;
}

void log_sizes::on_size(const log_size_response& size) {
    if (size.token < first_token_ || size.token - first_token_ >= asked_.size())
        return;
    auto& one = asked_[static_cast<std::size_t>(size.token - first_token_)];
    if (!one.size)
        --open_;
    one.size = size;
}

std::string log_sizes::text() const {
    using number_of = std::int64_t (*)(const log_size_response&);
    struct family {
        std::string_view name;
        std::string_view help;
        number_of value;
    };
    static constexpr family families[] = {
        {"kafka_log_log_size", "Bytes of the partition's segments.",
         [](const log_size_response& of) { return of.bytes; }},
        {"kafka_log_log_numlogsegments", "Segments of the partition.",
         [](const log_size_response& of) { return std::int64_t{of.segments}; }},
        {"kafka_log_log_logstartoffset", "The first offset that can be read.",
         [](const log_size_response& of) { return of.start.get(); }},
        {"kafka_log_log_logendoffset", "The offset that the next record gets.",
         [](const log_size_response& of) { return of.end.get(); }},
    };
    std::string out;
    for (const auto& [name, help, value] : families) {
        out.append("# HELP ").append(name).append(" ").append(help);
        out.append("\n# TYPE ").append(name).append(" gauge\n");
        for (const auto& one : asked_)
            if (one.size)
                out.append(name).append(one.labels).append(std::to_string(value(*one.size))).append("\n");
    }
    out.append(
        "# HELP barnabas_log_sizes_left_out Partitions whose sizes are not shown: there are too many.\n"
        "# TYPE barnabas_log_sizes_left_out gauge\nbarnabas_log_sizes_left_out ");
    return out.append(std::to_string(left_out_)).append("\n");
}

} // namespace barnabas
