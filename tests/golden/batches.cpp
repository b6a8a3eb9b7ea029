#include "tests/golden/batches.hpp"

#include "protocol/batch/message_reader.hpp"
#include "protocol/batch/message_set.hpp"
#include "protocol/batch/record_reader.hpp"
#include "protocol/batch/validate.hpp"
#include "tests/golden/messages.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <vector>

namespace barnabas::golden {

namespace json = boost::json;

namespace {

using bytes_view = std::optional<std::span<const std::byte>>;

bool same_bytes(const json::value& said, const bytes_view& bytes) {
    if (said.is_null() || !bytes)
        return said.is_null() && !bytes;
    const auto expected = kafka::testing::from_base64(said.as_string());
    return std::ranges::equal(expected.bytes(), *bytes);
}

bool same_headers(const json::object& said, const batch::record_view& record) {
    const auto* headers = said.if_contains("headers");
    const std::size_t count = headers == nullptr ? 0 : headers->as_array().size();
    if (count != record.headers.size())
        return false;
    for (std::size_t i = 0; i < count; ++i) {
        const auto& header = headers->as_array()[i].as_object();
        if (record.headers[i].key != std::string_view(header.at("key").as_string()) ||
            !same_bytes(header.at("value"), record.headers[i].value))
            return false;
    }
    return true;
}

bool same_record(const json::object& said, const batch::record_view& record) {
    return record.offset.get() == said.at("offset").as_int64() &&
           record.timestamp.get() == said.at("timestamp").as_int64() &&
           same_bytes(said.at("key"), record.key) && same_bytes(said.at("value"), record.value) &&
           same_headers(said, record);
}

result<void> walk(const batch::record_entry& entry,
                  const std::function<result<void>(const batch::record_view&)>& visit) {
    if (const auto* message = std::get_if<batch::message_view>(&entry)) {
        batch::message_reading reading;
        reading.check_crc = true;
        return batch::for_each_record(*message, visit, reading);
    }
    return batch::for_each_record(std::get<batch::batch_view>(entry), visit);
}

result<void> validated(const batch::record_entry& entry) {
    batch::validation_options options;
    options.origin = batch::batch_origin::replica;
    const auto* message = std::get_if<batch::message_view>(&entry);
    const auto facts = message != nullptr
                           ? batch::validate_message(*message, options)
                           : batch::validate_batch(std::get<batch::batch_view>(entry), options);
    return facts ? result<void>() : result<void>(facts.failure());
}

std::size_t size_of(const batch::record_entry& entry) {
    return std::visit([](const auto& view) { return view.bytes.size(); }, entry);
}

std::optional<std::string> check_entry(const json::object& said, const batch::record_entry& entry) {
    if (batch::magic_of(entry) != said.at("magic").as_int64() ||
        size_of(entry) != said.at("sizeInBytes").to_number<std::size_t>())
        return "has another magic or size";
    if (const auto valid = validated(entry); !valid)
        return to_string(valid.failure());
    const auto& records = said.at("records").as_array();
    std::size_t seen = 0;
    bool same = true;
    const auto walked = walk(entry, [&](const batch::record_view& record) -> result<void> {
        same = same && seen < records.size() && same_record(records[seen].as_object(), record);
        ++seen;
        return {};
    });
    if (!walked)
        return to_string(walked.failure());
    return same && seen == records.size() ? std::nullopt : std::optional<std::string>("has other records");
}

std::optional<std::string> check_refused(const slice& bytes) {
    const auto entries = batch::split_entries(bytes);
    if (!entries)
        return std::nullopt;
    const bool one_is_refused = std::any_of(entries->begin(), entries->end(),
                                            [](const auto& entry) { return !validated(entry).has_value(); });
    return one_is_refused ? std::nullopt : std::optional<std::string>("is accepted");
}

} // namespace

std::optional<std::string> check_record_set(const json::object& line) {
    const auto bytes = kafka::testing::from_hex(line.at("hex").as_string());
    const auto& said = line.at("batches").as_array();
    if (!line.at("valid").as_bool()) {
        const auto* behaviour = line.if_contains("javaBehaviour");
        if (behaviour != nullptr && behaviour->as_string() == "ignores-incomplete-tail") {
            const auto whole = batch::split_complete_entries(bytes);
            if (!whole || whole->size() != said.size())
                return "does not leave out its cut-off end";
        }
        return check_refused(bytes);
    }
    const auto entries = batch::split_entries(bytes);
    if (!entries)
        return to_string(entries.failure());
    if (entries->size() != said.size())
        return "has " + std::to_string(entries->size()) + " entries";
    for (std::size_t i = 0; i < said.size(); ++i)
        if (const auto wrong = check_entry(said[i].as_object(), (*entries)[i]))
            return "entry " + std::to_string(i) + " " + *wrong;
    return std::nullopt;
}

} // namespace barnabas::golden
