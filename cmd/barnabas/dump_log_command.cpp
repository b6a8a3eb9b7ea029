#include "actors/replica/dump/dump.hpp"
#include "cmd/barnabas/commands.hpp"
#include "cmd/barnabas/json_text.hpp"
#include "runtime/disk/posix_files.hpp"

#include <array>
#include <cstdio>

namespace barnabas {

namespace {

using replica::dump::dump_options;

constexpr std::string_view string_decoder = "org.apache.kafka.tools.api.StringDecoder";

constexpr std::array dump_log_option_table{
    cli::option{"files",
                "FILE,...",
                "What to dump: .log, .index, .timeindex, .snapshot and .txnindex files.",
                {},
                true,
                true},
    cli::option{"deep-iteration", "", "Show the records of each batch, and gaps between their offsets."},
    cli::option{"print-data-log", "",
                "Show keys and values of the records; implies --deep-iteration. Implied by every decoder."},
    cli::option{"skip-record-metadata", "", "Show nothing else of the records."},
    cli::option{"verify-index-only", "", "Compare indexes with their logs without showing their entries."},
    cli::option{"index-sanity-check", "",
                "Check only what decides whether an index is built anew at the next start."},
    cli::option{"max-message-size", "BYTES",
                "Size up to which a batch is looked for where an index points to.", "5242880"},
    cli::option{"max-bytes", "BYTES", "How far to read into each log."},
    cli::option{"key-decoder-class", "CLASS",
                "How keys become text: StringDecoder, DefaultDecoder (hexadecimal), LongDecoder or "
                "IntegerDecoder, of org.apache.kafka.tools.api or kafka.serializer.",
                string_decoder},
    cli::option{"value-decoder-class", "CLASS", "How values become text; the same classes.", string_decoder},
    cli::option{"offsets-decoder", "", "Show keys and values as those of __consumer_offsets, in JSON."},
    cli::option{"transaction-log-decoder", "", "Show them as those of __transaction_state."},
    cli::option{"share-group-state-decoder", "", "Show them as those of __share_group_state."},
    cli::option{"cluster-metadata-decoder", "",
                "Show values as records of the metadata log of this broker, in JSON."},
    cli::option{"remote-log-metadata-decoder", "", "Refused: this version has no remote log."},
    cli::option{"output", "FORMAT", "text, as Kafka's tool, or json: a line for each batch, record or entry.",
                "text"},
};

constexpr std::string_view absent_decoder = "remote-log-metadata-decoder";

struct decoder_class {
    std::string_view name;
    replica::dump::field_decoder decoder;
};
constexpr decoder_class decoder_classes[] = {
    {"StringDecoder", replica::dump::field_decoder::utf8},
    {"DefaultDecoder", replica::dump::field_decoder::bytes},
    {"LongDecoder", replica::dump::field_decoder::int64},
    {"IntegerDecoder", replica::dump::field_decoder::int32},
};

constexpr std::string_view dump_log_notes =
    "Options and output are those of Kafka's kafka-dump-log. The files are only read, also beside a running "
    "broker.\n"
    "What files contradict each other in goes to standard error at the end and leaves the exit status 0; it "
    "is "
    "1 when\n"
    "something could not be read, which a line on standard error names with file and byte.\n"
    "\n"
    "Examples:\n"
    "  barnabas dump-log --files barnabas-data/orders-0/00000000000000000000.log\n"
    "  barnabas dump-log --print-data-log --files barnabas-data/orders-0/00000000000000000000.log\n"
    "  barnabas dump-log --verify-index-only \\\n"
    "                    --files "
    "barnabas-data/orders-0/00000000000000000000.index,barnabas-data/orders-0/"
    "00000000000000000000.timeindex\n";

constexpr int exit_ok = 0;
constexpr int exit_failed = 1;
constexpr int exit_usage = 2;
constexpr std::int64_t bytes_most = 0x7fffffff;

/// Standard output and error; what goes to the first is there before what goes to the second.
class standard_streams final : public replica::dump::dump_output {
public:
    void line(std::string_view text) override { put(text, stdout); }
    void complaint(std::string_view text) override {
        std::fflush(stdout);
        put(text, stderr);
    }

private:
    static void put(std::string_view text, std::FILE* stream) {
        std::fwrite(text.data(), 1, text.size(), stream);
        std::fputc('\n', stream);
    }
};

/// A line of JSON for each fact of a file; what is not made of facts is a sentence.
class json_lines final : public replica::dump::dump_output {
public:
    void file(std::string_view path) override { file_ = path; }
    void line(std::string_view text) override { put("sentence", ",\"text\":" + json_quoted(text)); }
    void facts(const replica::dump::fact_line& all) override {
        std::string members;
        for (const auto& one : all.facts())
            members +=
                "," + json_quoted(one.name) + ":" + (one.json.empty() ? json_quoted(one.text) : one.json);
        put(all.kind(), members);
    }
    void complaint(std::string_view text) override {
        std::fflush(stdout);
        std::fprintf(stderr, "%s\n", std::string(text).c_str());
    }

private:
    void put(std::string_view kind, const std::string& members) const {
        auto line = json_object().add("file", file_).add("kind", kind).text();
        line.pop_back();
        std::printf("%s%s}\n", line.c_str(), members.c_str());
    }

    std::string file_;
};

int refuse(const std::string& why) {
    std::fprintf(stderr, "%s: %s\n", program_name, why.c_str());
    return exit_usage;
}

/// Kafka has its classes in two packages, the second one from before version 4.
result<replica::dump::field_decoder> class_named(const cli::parsed_options& options,
                                                 std::string_view option) {
    const auto given = *options.value(option);
    for (const auto& one : decoder_classes)
        for (const std::string_view package : {"org.apache.kafka.tools.api.", "kafka.serializer."})
            if (given == std::string(package) + std::string(one.name))
                return one.decoder;
    return error{errc::invalid_request, "--" + std::string(option) + " does not know '" + given +
                                            "', only StringDecoder, DefaultDecoder, LongDecoder and "
                                            "IntegerDecoder of org.apache.kafka.tools.api"};
}

/// Of several the first in Kafka's order.
replica::dump::record_decoder decoder_of(const cli::parsed_options& options) {
    using replica::dump::record_decoder;
    if (options.has("offsets-decoder"))
        return record_decoder::offsets;
    if (options.has("transaction-log-decoder"))
        return record_decoder::transaction;
    if (options.has("cluster-metadata-decoder"))
        return record_decoder::metadata;
    return options.has("share-group-state-decoder") ? record_decoder::share_state : record_decoder::text;
}

result<dump_options> read_options(const cli::parsed_options& options) {
    // What Kafka's tool knows and this one does not must not pass as if it had been heeded.
    if (options.has(absent_decoder))
        return error{errc::invalid_request,
                     "--" + std::string(absent_decoder) +
                         " is not there; --print-data-log shows keys and values as text"};
    const auto key_decoder = class_named(options, "key-decoder-class");
    const auto value_decoder = class_named(options, "value-decoder-class");
    if (!key_decoder || !value_decoder)
        return !key_decoder ? key_decoder.failure() : value_decoder.failure();
    dump_options wanted;
    wanted.key_decoder = *key_decoder;
    wanted.value_decoder = *value_decoder;
    wanted.deep_iteration = options.has("deep-iteration");
    wanted.decoder = decoder_of(options);
    wanted.print_data_log = options.has("print-data-log") || options.has("key-decoder-class") ||
                            options.has("value-decoder-class") ||
                            wanted.decoder != replica::dump::record_decoder::text;
    wanted.skip_record_metadata = options.has("skip-record-metadata");
    wanted.verify_index_only = options.has("verify-index-only");
    wanted.index_sanity_check = options.has("index-sanity-check");
    const auto message_size = options.number("max-message-size", 1, bytes_most);
    if (!message_size)
        return message_size.failure();
    wanted.max_message_size = static_cast<std::uint64_t>(*message_size);
    if (!options.has("max-bytes"))
        return wanted;
    const auto bytes = options.number("max-bytes", 1, bytes_most);
    if (!bytes)
        return bytes.failure();
    wanted.max_bytes = static_cast<std::uint64_t>(*bytes);
    return wanted;
}

/// The names between the commas.
std::vector<std::string> names_in(const std::vector<std::string>& lists) {
    std::vector<std::string> names;
    for (std::string_view list : lists) {
        while (!list.empty()) {
            const auto end = std::min(list.find(','), list.size());
            if (end > 0)
                names.emplace_back(list.substr(0, end));
            list.remove_prefix(std::min(end + 1, list.size()));
        }
    }
    return names;
}

} // namespace

const cli::command& dump_log_command() {
    static const cli::command command = {
        "dump-log", "Shows and checks the files of a partition.", dump_log_option_table, {}, dump_log_notes};
    return command;
}

int run_dump_log(const cli::parsed_options& options) {
    const auto wanted = read_options(options);
    if (!wanted)
        return refuse(wanted.failure().detail);
    if (const auto format = options.value("output"); format != "text" && format != "json")
        return refuse("--output=" + *format + ": allowed are text and json");
    const auto names = names_in(options.values("files"));
    if (names.empty())
        return refuse("--files names no file");
    runtime::posix_files files;
    standard_streams text;
    json_lines json;
    auto& output = options.value("output") == "json" ? static_cast<replica::dump::dump_output&>(json) : text;
    return replica::dump::dump_files(files, names, *wanted, output) == 0 ? exit_ok : exit_failed;
}

} // namespace barnabas
