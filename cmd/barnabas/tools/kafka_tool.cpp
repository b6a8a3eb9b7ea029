#include "cmd/barnabas/tools/kafka_tool.hpp"

#include "cmd/barnabas/cluster_tool.hpp"
#include "cmd/barnabas/commands.hpp"
#include "cmd/barnabas/json_text.hpp"

#include <charconv>
#include <cstdio>

namespace barnabas::tools {

int print(const said& what) {
    std::fputs(what.out.c_str(), stdout);
    // In the order of a terminal, where both are seen.
    std::fflush(stdout);
    std::fputs(what.complaints.c_str(), stderr);
    return what.status;
}

error wrong(std::string why) {
    return {errc::invalid_request, std::move(why)};
}

bool wants_json(const cli::parsed_options& options) {
    return options.value("output") == "json";
}

std::optional<std::int64_t> whole_number(std::string_view text) {
    std::int64_t number = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
    if (text.empty() || read.ec != std::errc() || read.ptr != text.data() + text.size())
        return std::nullopt;
    return number;
}

int refuse(std::string_view tool, const std::string& why) {
    std::fprintf(stderr, "%s %s: %s (see --help)\n", program_name, std::string(tool).c_str(), why.c_str());
    return exit_failed;
}

std::optional<int> settle_usage(std::string_view tool, const cli::parsed_options& options,
                                misuse_finder find) {
    if (options.has("version")) {
        std::printf("%s\n", BARNABAS_VERSION);
        return exit_ok;
    }
    if (options.has("zookeeper"))
        return refuse(tool, zookeeper_sentence(tool));
    if (const auto format = options.value("output"); format != "text" && format != "json")
        return refuse(tool, "--output=" + *format + ": allowed are text and json");
    if (const auto misuse = find(options))
        return refuse(tool, *misuse);
    return std::nullopt;
}

namespace {

/// What to do, where Kafka's words do not say it and the failure is none of the thing that was named.
error with_advice(error why) {
    switch (why.code) {
    case errc::request_timed_out:
        why.detail += "; see what listens there with barnabas doctor --bootstrap-server HOST:PORT";
        break;
    case errc::unsupported_version:
        why.detail += "; see what it speaks with barnabas broker-api-versions";
        break;
    case errc::topic_authorization_failed:
    case errc::group_authorization_failed:
    case errc::cluster_authorization_failed:
        why.detail += "; give the credentials of somebody who may with --command-config";
        break;
    default: break;
    }
    return why;
}

} // namespace

int run_tool(const tool& what, const cli::parsed_options& options) {
    if (const auto settled = settle_usage(what.name, options, what.find_misuse))
        return *settled;
    const auto told = what.act(options);
    if (told)
        return print(*told);
    const auto failure = with_advice(told.failure());
    if (wants_json(options))
        return print({error_json(failure), {}, what.failure_status});
    const auto line = std::string(what.failure_words) + failure.detail + "\n";
    if (what.failures_go_to == outlet::standard_output)
        return print({line, {}, what.failure_status});
    return print({{}, line, what.failure_status});
}

result<client::cluster_admin> connect(std::string_view tool, const cli::parsed_options& options,
                                      std::optional<std::string> servers) {
    if (!servers)
        servers = options.value("bootstrap-server");
    if (!servers)
        return wrong("--bootstrap-server must be specified");
    const auto keys = tool_properties(options, *servers, "barnabas-" + std::string(tool));
    if (!keys)
        return keys.failure();
    return connect_tool(*keys);
}

result<client::cluster_admin> connect_within(std::string_view tool, const cli::parsed_options& options,
                                             const std::string& servers, std::int64_t timeout_ms) {
    auto keys = tool_properties(options, servers, "barnabas-" + std::string(tool));
    if (!keys)
        return keys.failure();
    // A request must not outlive the call that it is for.
    (*keys)["default.api.timeout.ms"] = (*keys)["request.timeout.ms"] = std::to_string(timeout_ms);
    return connect_tool(*keys);
}

result<client::cluster_admin> connect_by_old_name(std::string_view tool, const cli::parsed_options& options,
                                                  const std::string& servers) {
    if (!options.has("config"))
        return connect(tool, options, servers);
    const auto keys = tool_properties(options, servers, "barnabas-" + std::string(tool), {"config"});
    if (!keys)
        return keys.failure();
    return connect_tool(*keys);
}

std::string error_json(const error& why) {
    json_object what;
    what.add("code", name_of(why.code)).add("message", why.detail);
    return json_object().add("error", what).text() + "\n";
}

std::string padded(std::string_view text, std::size_t width) {
    std::string made(text);
    if (made.size() < width)
        made.append(width - made.size(), ' ');
    return made;
}

std::string columns(const std::vector<std::string>& cells, const std::vector<std::size_t>& widths) {
    std::string line;
    for (std::size_t i = 0; i < cells.size(); ++i)
        line += (i == 0 ? "" : " ") + padded(cells[i], widths[i]);
    return line;
}

std::string joined(const std::vector<std::string>& parts, std::string_view between) {
    std::string text;
    for (const auto& part : parts)
        text += (text.empty() ? std::string() : std::string(between)) + part;
    return text;
}

} // namespace barnabas::tools
