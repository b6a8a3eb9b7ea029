#include "tests/golden/checks.hpp"

#include "tests/golden/batches.hpp"
#include "tests/golden/messages.hpp"
#include "tests/golden/numbers.hpp"

#include <boost/json.hpp>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <map>

namespace barnabas::golden {

namespace json = boost::json;
namespace vectors = kafka::testing;

namespace {

std::optional<std::string> check_message(const json::object& line) {
    return vectors::check_message(vectors::message_of(line));
}

std::optional<std::string> check_frame(const json::object& line) {
    return vectors::check_frame(vectors::frame_of(line));
}

const std::map<std::string, line_check, std::less<>>& checks() {
    static const std::map<std::string, line_check, std::less<>> all{
        {"requests", check_message},
        {"responses", check_message},
        {"headers", check_message},
        {"data-messages", check_message},
        {"group-coordinator-records", check_message},
        {"transaction-coordinator-records", check_message},
        {"share-coordinator-records", check_message},
        {"frames", check_frame},
        {"varints", check_varint},
        {"crc32c", check_crc32c},
        {"murmur2", check_murmur2},
        {"consumer-protocol", check_consumer_protocol},
        {"record-batches", check_record_set},
    };
    return all;
}

/// What has no code here yet, and what will bring it.
std::optional<std::string> why_not_checked(std::string_view name) {
    if (name == "metadata-records" || name == "raft-records")
        return "Barnabas keeps its metadata in records of its own";
    if (name == "storage-records")
        return "tiered storage is not built";
    if (name == "assignors")
        return "assignors run in clients";
    if (name == "scram")
        return "authentication is not built";
    return std::nullopt;
}

std::optional<std::string> read_all(const std::string& path) {
    auto* file = gzopen(path.c_str(), "rb");
    if (file == nullptr)
        return std::nullopt;
    std::string text;
    std::array<char, 65536> piece{};
    int got = 0;
    while ((got = gzread(file, piece.data(), piece.size())) > 0)
        text.append(piece.data(), static_cast<std::size_t>(got));
    gzclose(file);
    return got < 0 ? std::nullopt : std::optional(std::move(text));
}

file_result failed_file(file_result of, std::string why) {
    of.failed = 1;
    of.failures.push_back(std::move(why));
    return of;
}

std::string unusable(std::string_view why) {
    return "the line cannot be used: " + std::string(why);
}

std::optional<std::string> outcome_of(const line_check& check, std::string_view text) {
    json::error_code failed;
    const auto line = json::parse(json::string_view(text.data(), text.size()), failed);
    if (failed || !line.is_object())
        return unusable(failed ? failed.message() : "it is no object");
    return check_line(check, line.as_object());
}

std::string name_in_folder(const std::filesystem::path& folder, const std::filesystem::path& file) {
    auto name = std::filesystem::relative(file, folder).string();
    return name.substr(0, name.find(".jsonl"));
}

} // namespace

std::optional<line_check> check_for(std::string_view name) {
    const auto last = name.substr(name.rfind('/') + 1);
    const auto found = checks().find(last);
    return found == checks().end() ? std::nullopt : std::optional(found->second);
}

/// A check must not end the program, whatever a line holds.
std::optional<std::string> check_line(const line_check& check, const json::object& line) {
    try {
        return check(line);
    } catch (const std::exception& failure) {
        return unusable(failure.what());
    }
}

std::optional<std::vector<json::object>> read_lines(const std::string& path) {
    const auto text = read_all(path);
    if (!text)
        return std::nullopt;
    std::vector<json::object> lines;
    for (std::size_t start = 0; start < text->size();) {
        const auto end = std::min(text->find('\n', start), text->size());
        json::error_code failed;
        auto line = json::parse(json::string_view(text->data() + start, end - start), failed);
        if (failed || !line.is_object())
            return std::nullopt;
        lines.push_back(std::move(line).as_object());
        start = end + 1;
    }
    return lines;
}

file_result check_file(const std::string& path, const std::string& name) {
    constexpr std::size_t failures_shown = 5;
    file_result done;
    done.name = name;
    const auto check = check_for(name);
    if (!check) {
        const auto why = why_not_checked(name.substr(name.rfind('/') + 1));
        if (!why)
            return failed_file(std::move(done), "nobody knows a file of this name");
        done.not_checked = *why;
        return done;
    }
    const auto text = read_all(path);
    if (!text)
        return failed_file(std::move(done), path + " cannot be read");
    std::size_t number = 0;
    for (std::size_t start = 0; start < text->size();) {
        const auto end = std::min(text->find('\n', start), text->size());
        const auto line = std::string_view(*text).substr(start, end - start);
        start = end + 1;
        ++number;
        if (line.empty())
            continue;
        const auto wrong = outcome_of(*check, line);
        ++(wrong ? done.failed : done.passed);
        if (wrong && done.failures.size() < failures_shown)
            done.failures.push_back("line " + std::to_string(number) + ": " + *wrong);
    }
    if (done.passed + done.failed == 0)
        return failed_file(std::move(done), "it has no lines, or only empty ones");
    return done;
}

std::vector<file_result> check_folder(const std::string& folder) {
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
        const auto name = entry.path().filename().string();
        if (name.ends_with(".jsonl") || name.ends_with(".jsonl.gz"))
            files.push_back(entry.path());
    }
    std::sort(files.begin(), files.end());
    std::vector<file_result> results;
    for (const auto& file : files)
        results.push_back(check_file(file.string(), name_in_folder(folder, file)));
    return results;
}

} // namespace barnabas::golden
