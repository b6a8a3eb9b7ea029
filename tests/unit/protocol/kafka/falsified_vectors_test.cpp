#include "tests/golden/checks.hpp"

#include <boost/json.hpp>
#include <gtest/gtest.h>

#include <filesystem>

/// A check that passes whatever a line says is worth nothing. So every fact of the vectors in the repository
/// is falsified, one at a time, and the checker must report each.
namespace barnabas::golden::falsified_vectors_test {
namespace {

namespace json = boost::json;

/// One way to falsify a line; false when the line has nothing of that kind.
using falsify = std::function<bool(json::object& line)>;

/// All lines of the repository's vectors, by file name without folder.
const std::multimap<std::string, json::object>& all_lines() {
    static const auto lines = [] {
        std::multimap<std::string, json::object> found;
        const std::string folder = BARNABAS_REPO_ROOT "/tests/golden/protocol";
        for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
            const auto name = entry.path().filename().string();
            if (!name.ends_with(".jsonl.gz"))
                continue;
            auto read = read_lines(entry.path().string());
            for (auto& line : read.value())
                found.emplace(name.substr(0, name.find('.')), std::move(line));
        }
        return found;
    }();
    return lines;
}

bool is_message(std::string_view file) {
    return file != "frames" && check_for(file) &&
           all_lines().find(std::string(file))->second.contains("message");
}

/// Another value of the same type. Strings stay base64 if they are.
json::value another(const json::value& value) {
    if (value.is_bool())
        return !value.as_bool();
    if (value.is_int64())
        return value.as_int64() == INT64_MAX ? value.as_int64() - 1 : value.as_int64() + 1;
    if (value.is_uint64())
        return value.as_uint64() - 1;
    if (value.is_string())
        return json::value(value.as_string() == "none" ? "gzip" : "AAAA" + std::string(value.as_string()));
    if (value.is_null())
        return 7;
    auto changed = value;
    if (auto* list = changed.if_array())
        list->push_back(7);
    else if (auto* object = changed.if_object())
        (*object)["invented"] = 7;
    else
        changed = nullptr;
    return changed;
}

/// Takes files by name and counts what was falsified. `what` is for the message of a failure.
void expect_reported(const std::function<bool(std::string_view)>& takes, const std::string& what,
                     const falsify& change) {
    std::size_t falsified = 0;
    for (const auto& [file, line] : all_lines()) {
        if (!takes(file))
            continue;
        auto changed = line;
        if (!change(changed))
            continue;
        ++falsified;
        EXPECT_TRUE(check_line(*check_for(file), changed))
            << file << " with another " << what << ": " << json::serialize(line).substr(0, 300);
    }
    EXPECT_GT(falsified, 0u) << "no line has a " << what;
}

auto only(std::string_view wanted) {
    return [wanted](std::string_view file) { return file == wanted; };
}

falsify member(const std::string& name) {
    return [name](json::object& line) {
        auto* value = line.if_contains(name);
        if (value != nullptr)
            *value = another(*value);
        return value != nullptr;
    };
}

/// Changes the last entry of a record set that has such a fact.
falsify entry_fact(const std::string& name) {
    return [name](json::object& line) {
        auto& entries = line.at("batches").as_array();
        for (auto i = entries.size(); i-- > 0;)
            if (auto* fact = entries[i].as_object().if_contains(name)) {
                *fact = another(*fact);
                return true;
            }
        return false;
    };
}

/// Changes the last record that has such a fact.
falsify record_fact(const std::string& name) {
    return [name](json::object& line) {
        bool changed = false;
        for (auto& entry : line.at("batches").as_array()) {
            auto* records = entry.as_object().if_contains("records");
            if (records == nullptr || records->as_array().empty())
                continue;
            if (auto* fact = records->as_array().back().as_object().if_contains(name)) {
                *fact = another(*fact);
                changed = true;
            }
        }
        return changed;
    };
}

bool is_valid(const json::object& line) {
    const auto* valid = line.if_contains("valid");
    return valid == nullptr || valid->as_bool();
}

TEST(falsified_vectors, facts_of_record_sets_are_reported) {
    const auto sets = only("record-batches");
    for (const auto* name : {"magic",
                             "sizeInBytes",
                             "crcValid",
                             "crc",
                             "compression",
                             "attributes",
                             "baseOffset",
                             "lastOffset",
                             "partitionLeaderEpoch",
                             "baseTimestamp",
                             "maxTimestamp",
                             "timestampType",
                             "producerId",
                             "producerEpoch",
                             "baseSequence",
                             "lastSequence",
                             "isTransactional",
                             "isControlBatch",
                             "deleteHorizonMs",
                             "count",
                             "records"}) {
        expect_reported(sets, name, entry_fact(name));
        expect_reported(sets, std::string(name) + " (left out)", [&](json::object& line) {
            auto& entries = line.at("batches").as_array();
            return is_valid(line) && entries.back().as_object().erase(name) > 0;
        });
    }
    for (const auto* name : {"offset", "timestamp", "sequence", "key", "value", "headers", "control"})
        expect_reported(sets, name, record_fact(name));
    for (const auto* name : {"totalBytes", "bytesConsumed", "javaBehaviour", "valid"})
        expect_reported(sets, name, member(name));
    expect_reported(sets, "number of entries", [](json::object& line) {
        auto& entries = line.at("batches").as_array();
        if (!entries.empty())
            entries.pop_back();
        return is_valid(line) || !entries.empty();
    });
}

/// Java tells a record whose length is smaller than its fields from one whose key runs past its end; we find
/// both at the key. All other reasons differ in how they begin.
std::string kind_of_reason(std::string_view reason) {
    constexpr std::size_t enough_to_differ = 66;
    constexpr std::string_view record = "org.apache.kafka.common.InvalidRecordException: ";
    if (reason.starts_with(std::string(record) + "Invalid record size: expected to read ") ||
        reason.starts_with(std::string(record) + "Found invalid record structure"))
        return "its key runs past its end";
    return std::string(reason.substr(0, enough_to_differ));
}

/// A word of a reason, and one that lines of another kind have there.
struct reason_change {
    std::string_view from;
    std::string_view to;
};

TEST(falsified_vectors, reasons_are_reported) {
    for (const auto* file : {"record-batches", "consumer-protocol", "varints"}) {
        expect_reported(only(file), "reason (of no kind)", [](json::object& line) {
            if (!is_valid(line))
                line["reason"] = "java.lang.Nonsense: it rained";
            return !is_valid(line);
        });
        expect_reported(only(file), "reason (of a valid line)", [](json::object& line) {
            line["reason"] = "java.nio.BufferUnderflowException";
            return is_valid(line);
        });
    }
    // Each kind of reason gets that of every other kind.
    std::vector<std::string> reasons;
    const auto lines = all_lines().equal_range("record-batches");
    for (auto line = lines.first; line != lines.second; ++line)
        if (!is_valid(line->second))
            reasons.emplace_back(line->second.at("reason").as_string());
    for (const auto& other : reasons)
        expect_reported(only("record-batches"), "reason (" + other + ")", [&](json::object& line) {
            if (is_valid(line) || kind_of_reason(line.at("reason").as_string()) == kind_of_reason(other))
                return false;
            line["reason"] = other;
            return true;
        });
    for (const auto& [from, to] : {reason_change{"stored crc = ", "stored crc = 1"},
                                   {"computed crc = ", "computed crc = 1"},
                                   {"Record size ", "Record size 1"},
                                   {"(the size ", "(the size 1"},
                                   {"in record: ", "in record: 1"},
                                   {"record count ", "record count 1"},
                                   {"type id: ", "type id: 1"},
                                   {"returns ", "returns 1"},
                                   {"ignores the last ", "ignores the last 1"}})
        expect_reported(only("record-batches"), "number (" + std::string(from) + ")",
                        [&](json::object& line) {
                            if (is_valid(line))
                                return false;
                            std::string reason(line.at("reason").as_string());
                            const auto found = reason.find(from);
                            if (found == std::string::npos)
                                return false;
                            line["reason"] = reason.replace(found, from.size(), to);
                            return true;
                        });
}

TEST(falsified_vectors, facts_of_messages_are_reported) {
    for (const auto* name : {"flexible", "key", "kind", "message", "json", "framedHex"})
        expect_reported(is_message, name, member(name));
    for (const auto* name : {"headerVersion", "api"})
        expect_reported([](auto file) { return file == "requests" || file == "responses"; }, name,
                        member(name));
    expect_reported([](auto file) { return file == "headers" || file == "data-messages"; },
                    "headerVersion (of what has no header)",
                    [](json::object& line) {
                        line["headerVersion"] = 1;
                        return true;
                    });
    expect_reported(is_message, "field (left out)", [](json::object& line) {
        auto& fields = line.at("json").as_object();
        if (fields.empty())
            return false;
        fields.erase(fields.begin());
        return true;
    });
    for (const auto* name : {"api", "kind", "key", "headerVersion", "header", "json"})
        expect_reported(only("frames"), name, member(name));
    expect_reported(only("frames"), "version", [](json::object& line) {
        line["version"] = line.at("version").as_int64() + 1;
        return line.at("kind") == "request";
    });
    for (const auto* name : {"requestApiKey", "requestApiVersion", "correlationId", "clientId"})
        expect_reported(only("frames"), std::string("header's ") + name, [&](json::object& line) {
            auto* value = line.at("header").as_object().if_contains(name);
            if (value != nullptr)
                *value = another(*value);
            return value != nullptr;
        });
}

TEST(falsified_vectors, unknown_tagged_fields_are_reported) {
    const json::object invented{{"path", ""}, {"tags", {json::object{{"tag", 4711}, {"hex", "00"}}}}};
    const auto anything = [](auto file) { return file == "frames" || is_message(file); };
    expect_reported(anything, "unknown tagged field (invented)", [&](json::object& line) {
        if (!line.contains("unknownTags"))
            line["unknownTags"] = json::array{};
        line.at("unknownTags").as_array().push_back(invented);
        return true;
    });
    expect_reported(is_message, "unknown tagged field (left out)",
                    [](json::object& line) { return line.erase("unknownTags") > 0; });
    const auto change = [](const char* name, const auto& of) {
        return [name, of](json::object& line) {
            auto* places = line.if_contains("unknownTags");
            if (places == nullptr)
                return false;
            auto& value = of(places->as_array().back().as_object()).at(name);
            value = value.is_string() ? json::value(std::string(value.as_string()) + "00") : another(value);
            return true;
        };
    };
    const auto place = [](json::object& whole) -> json::object& { return whole; };
    const auto tag = [](json::object& whole) -> json::object& {
        return whole.at("tags").as_array().back().as_object();
    };
    expect_reported(is_message, "path", change("path", place));
    expect_reported(is_message, "tag", change("tag", tag));
    expect_reported(is_message, "content of a tagged field", change("hex", tag));
}

TEST(falsified_vectors, facts_of_other_formats_are_reported) {
    for (const auto* name : {"value", "consumed", "valid"})
        expect_reported(only("varints"), name, member(name));
    for (const auto* name : {"crc32c", "crc32"})
        expect_reported(only("crc32c"), name, member(name));
    for (const auto* name : {"murmur2", "positive", "partition"})
        expect_reported(only("murmur2"), name, member(name));
    for (const auto* name : {"version", "valid", "type"})
        expect_reported(only("consumer-protocol"), name, member(name));
    for (const auto* name : {"topics", "userData", "ownedPartitions", "generationId", "rackId", "partitions"})
        expect_reported(only("consumer-protocol"), name, [&](json::object& line) {
            auto* decoded = line.if_contains("decoded");
            auto* value = decoded == nullptr ? nullptr : decoded->as_object().if_contains(name);
            if (value != nullptr)
                *value = another(*value);
            return value != nullptr;
        });
}

/// Where a line's encoded form is, and whether every byte of it counts.
std::string_view encoded_name(std::string_view file, const json::object& line) {
    if (!is_valid(line) || (line.contains("note") && file != "record-batches"))
        return "";
    if (file == "frames")
        return "frameHex";
    return file == "murmur2" ? "keyHex" : "hex";
}

TEST(falsified_vectors, any_byte_of_the_encoded_form_is_reported) {
    // All bytes of record sets, some of the others, of which there are many.
    constexpr std::size_t bytes_tried = 24;
    std::size_t falsified = 0;
    for (const auto& [file, line] : all_lines()) {
        const auto name = encoded_name(file, line);
        if (name.empty())
            continue;
        const std::string hex(line.at(name).as_string());
        const auto step =
            file == "record-batches" ? 2 : std::max<std::size_t>(hex.size() / bytes_tried / 2, 1) * 2;
        const auto check = *check_for(file);
        auto changed = line;
        for (std::size_t at = 1; at < hex.size(); at += step) {
            auto other = hex;
            other[at] = hex[at] == '0' ? '1' : '0';
            changed[name] = other;
            ++falsified;
            ASSERT_TRUE(check_line(check, changed)) << file << " at byte " << at / 2 << ": " << hex;
        }
    }
    EXPECT_GT(falsified, 30'000u);
}

} // namespace
} // namespace barnabas::golden::falsified_vectors_test
