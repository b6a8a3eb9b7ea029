#include "cmd/barnabas/kafka_names.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <fcntl.h>
#include <unistd.h>

namespace barnabas {

namespace {

constexpr std::string_view prefix = "kafka-";
constexpr std::string_view suffix = ".sh";

constexpr std::string_view run_class_name = "run-class";

/// Names other than kafka-COMMAND, and what `kafka-run-class.sh` is called with in tutorials.
constexpr std::array<cli::kafka_script, 21> scripts{{
    {"server-start", "", "start", true},
    {"end-to-end-latency", "", "e2e-latency"},
    {"dump-log", "", "dump-log"},
    {run_class_name, "kafka.tools.GetOffsetShell", "get-offsets"},
    {run_class_name, "org.apache.kafka.tools.GetOffsetShell", "get-offsets"},
    {run_class_name, "kafka.tools.DumpLogSegments", "dump-log"},
    {run_class_name, "kafka.admin.TopicCommand", "topics"},
    {run_class_name, "kafka.admin.ConsumerGroupCommand", "consumer-groups"},
    {run_class_name, "kafka.admin.ConfigCommand", "configs"},
    {run_class_name, "kafka.admin.BrokerApiVersionsCommand", "broker-api-versions"},
    {run_class_name, "kafka.tools.ConsoleProducer", "console-producer"},
    {run_class_name, "kafka.tools.ConsoleConsumer", "console-consumer"},
    {run_class_name, "org.apache.kafka.tools.ProducerPerformance", "producer-perf-test"},
    {run_class_name, "kafka.tools.ConsumerPerformance", "consumer-perf-test"},
    {run_class_name, "org.apache.kafka.tools.ConsumerPerformance", "consumer-perf-test"},
    {run_class_name, "kafka.tools.EndToEndLatency", "e2e-latency"},
    {run_class_name, "org.apache.kafka.tools.EndToEndLatency", "e2e-latency"},
    {run_class_name, "org.apache.kafka.tools.VerifiableProducer", "verifiable-producer"},
    {run_class_name, "org.apache.kafka.tools.VerifiableConsumer", "verifiable-consumer"},
    {run_class_name, "org.apache.kafka.tools.GroupsCommand", "groups"},
    {run_class_name, "org.apache.kafka.tools.TopicCommand", "topics"},
}};

std::vector<std::string> with_rest(std::string_view command, const std::vector<std::string_view>& arguments,
                                   std::size_t from) {
    std::vector<std::string> all{std::string(command)};
    all.insert(all.end(), arguments.begin() + static_cast<std::ptrdiff_t>(from), arguments.end());
    return all;
}

/// [-daemon] server.properties [--override property=value]*
result<std::optional<own_call>> server_start(const std::vector<std::string_view>& arguments) {
    own_call call;
    std::size_t at = 0;
    for (; at < arguments.size() && (arguments[at] == "-daemon" || arguments[at] == "-loggc"); ++at)
        call.in_background = call.in_background || arguments[at] == "-daemon";
    if (at == arguments.size() || arguments[at].starts_with('-'))
        return error{errc::invalid_request,
                     "USAGE: kafka-server-start.sh [-daemon] server.properties [--override property=value]*"};
    call.arguments = with_rest("start", arguments, at + 1);
    call.arguments.insert(call.arguments.begin() + 1, {"--config", std::string(arguments[at])});
    return std::optional(std::move(call));
}

result<std::optional<own_call>> run_class(const std::vector<std::string_view>& arguments) {
    for (const auto& row : scripts)
        if (row.name == run_class_name && !arguments.empty() && arguments[0] == row.first_word)
            return std::optional(own_call{with_rest(row.command, arguments, 1), false});
    return error{
        errc::invalid_request,
        "kafka-run-class.sh runs classes of Java, of which there are none here; `barnabas --help` lists "
        "the commands"};
}

} // namespace

std::span<const cli::kafka_script> kafka_scripts() {
    return scripts;
}

result<std::optional<own_call>> call_by_kafkas_name(std::string_view program,
                                                    const std::vector<std::string_view>& arguments) {
    auto name = program.substr(program.rfind('/') + 1);
    if (!name.starts_with(prefix))
        return std::optional<own_call>();
    name.remove_prefix(prefix.size());
    if (name.ends_with(suffix))
        name.remove_suffix(suffix.size());
    if (name == "server-start")
        return server_start(arguments);
    if (name == run_class_name)
        return run_class(arguments);
    for (const auto& row : scripts)
        if (row.name == name)
            name = row.command;
    return std::optional(own_call{with_rest(name, arguments, 0), false});
}

bool is_help_misuse(std::string_view command, const std::vector<std::string_view>& arguments) {
    constexpr std::array<std::string_view, 13> parsed_alike{"broker-api-versions",
                                                            "configs",
                                                            "console-consumer",
                                                            "console-producer",
                                                            "consumer-groups",
                                                            "consumer-perf-test",
                                                            "delete-records",
                                                            "dump-log",
                                                            "e2e-latency",
                                                            "get-offsets",
                                                            "groups",
                                                            "log-dirs",
                                                            "topics"};
    if (std::find(parsed_alike.begin(), parsed_alike.end(), command) == parsed_alike.end())
        return false;
    return arguments.empty() ||
           std::find(arguments.begin(), arguments.end(), std::string_view("--help")) != arguments.end();
}

result<bool> go_into_background() {
    const char* folder = std::getenv("LOG_DIR");
    const auto path = (folder == nullptr || *folder == '\0' ? std::string(".") : folder) + "/kafkaServer.out";
    const int output = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    const int input = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (output < 0 || input < 0)
        return error{errc::access_denied, path + " cannot be written; $LOG_DIR names another folder for it"};
    const auto child = ::fork();
    if (child < 0)
        return error{errc::internal, "no second process can be started"};
    if (child > 0)
        return false;
    ::setsid();
    ::dup2(input, STDIN_FILENO);
    ::dup2(output, STDOUT_FILENO);
    ::dup2(output, STDERR_FILENO);
    return true;
}

} // namespace barnabas
