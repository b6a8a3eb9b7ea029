#include "tests/golden/batches.hpp"

#include "protocol/batch/message_reader.hpp"
#include "protocol/batch/message_set.hpp"
#include "protocol/batch/validate.hpp"
#include "tests/golden/batch_encoding.hpp"
#include "tests/golden/batch_facts.hpp"
#include "tests/golden/messages.hpp"
#include "tests/golden/reasons.hpp"

#include <boost/json.hpp>

#include <vector>

namespace barnabas::golden {

namespace json = boost::json;

namespace {

/// Everything that a broker must know of an entry, as it takes it from its leader.
result<batch::batch_facts> validated(const batch::record_entry& entry) {
    batch::validation_options options;
    options.origin = batch::batch_origin::replica;
    const auto* message = std::get_if<batch::message_view>(&entry);
    return message != nullptr ? batch::validate_message(*message, options)
                              : batch::validate_batch(std::get<batch::batch_view>(entry), options);
}

std::optional<std::string> check_entry(const json::object& said, const batch::record_entry& entry) {
    const auto facts = validated(entry);
    if (!facts)
        return "is refused: " + to_string(facts.failure());
    if (auto wrong = compare_entry(said, entry, entry_extent::whole))
        return wrong;
    const auto records = said.at("records").as_array().size();
    if (static_cast<std::size_t>(facts->record_count) != records)
        return "is validated with " + std::to_string(facts->record_count) + " records";
    if (records > 0 && facts->max_timestamp.get() != said.at("maxTimestamp").as_int64())
        return "is validated with maximum timestamp " + std::to_string(facts->max_timestamp.get());
    return check_encoding(entry);
}

std::optional<std::string> at_entry(std::size_t index, const std::optional<std::string>& wrong) {
    return wrong ? std::optional("entry " + std::to_string(index) + " " + *wrong) : std::nullopt;
}

std::optional<std::string> check_whole(const json::array& said,
                                       const result<std::vector<batch::record_entry>>& entries) {
    if (!entries)
        return to_string(entries.failure());
    if (entries->size() != said.size())
        return "has " + std::to_string(entries->size()) + " entries";
    for (std::size_t i = 0; i < said.size(); ++i)
        if (auto wrong = at_entry(i, check_entry(said[i].as_object(), (*entries)[i])))
            return wrong;
    return std::nullopt;
}

/// Java leaves out a cut-off entry at the end, as readers of an old Fetch do.
std::optional<std::string> check_cut_off(const json::object& line, const slice& bytes) {
    const auto& said = line.at("batches").as_array();
    if (auto wrong = check_whole(said, batch::split_complete_entries(bytes)))
        return wrong;
    const auto left_out = bytes.size() - line.at("bytesConsumed").to_number<std::size_t>();
    const auto reason = "incomplete trailing batch: the Java iterator returns " +
                        std::to_string(said.size()) + " batch(es) and silently ignores the last " +
                        std::to_string(left_out) + " byte(s)";
    if (line.at("reason").as_string() != reason)
        return "the reason should be: " + reason;
    const auto strict = batch::split_entries(bytes);
    if (strict)
        return "is accepted";
    return compare_reasons(reason_format::record_set, reason, strict.failure());
}

/// Of an entry whose own header cannot be read, only this is said.
std::optional<std::string> check_unreadable(const json::object& said, const slice& rest) {
    const auto size = batch::batch_size_of(rest.bytes());
    const bool same =
        size && *size == said.at("sizeInBytes").to_number<std::size_t>() && rest.size() > batch::at::magic &&
        std::to_integer<std::int64_t>(rest.bytes()[batch::at::magic]) == said.at("magic").as_int64() &&
        !said.at("crcValid").as_bool() && said.size() == 3;
    return same ? std::nullopt : std::optional<std::string>("begins with another size or magic");
}

/// Java stops at the entry that it refuses, of which it tells what it read until then.
std::optional<std::string> check_refused(const json::object& line, const slice& bytes) {
    const auto& said = line.at("batches").as_array();
    const std::string_view reason(line.at("reason").as_string());
    const auto entries = batch::split_entries(bytes);
    if (!entries) {
        if (said.size() > 1)
            return "is refused from the start: " + to_string(entries.failure());
        if (said.size() == 1)
            if (auto wrong = at_entry(0, check_unreadable(said[0].as_object(), bytes)))
                return wrong;
        return compare_reasons(reason_format::record_set, reason, entries.failure());
    }
    for (std::size_t i = 0; i < entries->size(); ++i) {
        if (i == said.size())
            return "has more entries than are said";
        const auto& entry = (*entries)[i];
        const auto facts = validated(entry);
        if (facts) {
            if (auto wrong = at_entry(i, check_entry(said[i].as_object(), entry)))
                return wrong;
            continue;
        }
        if (said.size() != i + 1)
            return "is refused at entry " + std::to_string(i) + ": " + to_string(facts.failure());
        if (auto wrong = at_entry(i, compare_entry(said[i].as_object(), entry, entry_extent::begun)))
            return wrong;
        return compare_reasons(reason_format::record_set, reason, facts.failure());
    }
    return "is accepted";
}

std::optional<std::string> check_sizes(const json::object& line, std::size_t size) {
    std::size_t consumed = 0;
    for (const auto& entry : line.at("batches").as_array())
        consumed += entry.at("sizeInBytes").to_number<std::size_t>();
    if (line.at("totalBytes").to_number<std::size_t>() != size)
        return "has " + std::to_string(size) + " bytes";
    if (line.at("bytesConsumed").to_number<std::size_t>() != consumed)
        return "its entries have " + std::to_string(consumed) + " bytes";
    return std::nullopt;
}

} // namespace

std::optional<std::string> check_record_set(const json::object& line) {
    const auto bytes = kafka::testing::from_hex(line.at("hex").as_string());
    if (auto wrong = check_sizes(line, bytes.size()))
        return wrong;
    if (!line.at("valid").as_bool()) {
        const auto& behaviour = line.at("javaBehaviour").as_string();
        if (behaviour == "ignores-incomplete-tail")
            return check_cut_off(line, bytes);
        return behaviour == "exception" ? check_refused(line, bytes)
                                        : std::optional<std::string>("has a behaviour that nobody knows");
    }
    if (line.contains("reason") || line.contains("javaBehaviour"))
        return "is valid, yet says why not";
    return check_whole(line.at("batches").as_array(), batch::split_entries(bytes));
}

} // namespace barnabas::golden
