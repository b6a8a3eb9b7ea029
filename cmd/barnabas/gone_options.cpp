#include "cmd/barnabas/gone_options.hpp"

#include "cmd/barnabas/cluster_tool.hpp"

#include <algorithm>
#include <array>

namespace barnabas {

namespace {

struct gone_row {
    std::string_view option;
    std::string_view instead;
};
constexpr std::array<gone_row, 22> rows{{
    {"broker-list", "use --bootstrap-server HOST:PORT"},
    {"bootstrap-controller", "brokers answer for controllers: use --bootstrap-server HOST:PORT"},
    {"new-consumer", "there is one kind of consumer by now: leave it out"},
    {"old-consumer", "there is one kind of consumer by now: leave it out"},
    {"new-producer", "there is one kind of producer by now: leave it out"},
    {"old-producer", "there is one kind of producer by now: leave it out"},
    {"whitelist", "use --include"},
    {"blacklist", "use --include with a regular expression that leaves X out: ^(?!X$).*"},
    {"delete-consumer-offsets", "use kafka-consumer-groups.sh --delete-offsets"},
    {"force", "nobody is asked any more: leave it out"},
    {"csv-reporter-enabled", "a broker's figures are on its page /metrics: leave it out"},
    {"metrics-dir", "a broker's figures are on its page /metrics: leave it out"},
    {"max-wait-ms", "leave it out"},
    {"queue-size", "use --max-memory-bytes"},
    {"queue-enqueuetimeout-ms", "use --max-block-ms"},
    {"key-serializer", "keys are bytes: leave it out"},
    {"value-serializer", "values are bytes: leave it out"},
    {"message-size", "use --record-size"},
    {"producer-num-retries", "use --command-property retries=COUNT"},
    {"date-format", "dates are yyyy-MM-dd HH:mm:ss:SSS: leave it out"},
    {"offsets", "of each partition one offset is shown, the one that --time chooses: leave it out"},
    {"consumer-config", "use --command-config"},
}};

} // namespace

std::optional<std::string> find_gone_option(const cli::command& what,
                                            const std::vector<std::string_view>& arguments) {
    for (auto one : arguments) {
        if (!one.starts_with("--"))
            continue;
        one = one.substr(2, one.find('=') == std::string_view::npos ? one.npos : one.find('=') - 2);
        if (std::any_of(what.options.begin(), what.options.end(),
                        [&](const auto& own) { return own.name == one; }))
            continue;
        if (one == "zookeeper")
            return zookeeper_sentence(what.name);
        const auto row =
            std::find_if(rows.begin(), rows.end(), [&](const auto& known) { return known.option == one; });
        if (row != rows.end())
            return "--" + std::string(one) + " is not an option of " + std::string(what.name) + ": " +
                   std::string(row->instead);
    }
    return std::nullopt;
}

} // namespace barnabas
