#include "actors/connection/dispatch.hpp"
#include "fuzz/messages.hpp"
#include "protocol/kafka/frame.hpp"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// `reach CORPUS`: whether the seeds of `request`, `response` and `message` hold every message of the table
/// in its lowest, first flexible and highest version, as something that decodes, and those of `connection`
/// every API that is served. What never decodes is never fuzzed behind its first field.
namespace barnabas::fuzz {
namespace {

using bytes = std::vector<std::uint8_t>;
using reached = std::set<std::pair<const kafka::message_type*, std::int16_t>>;

std::vector<bytes> inputs_of(const std::filesystem::path& folder) {
    std::vector<bytes> inputs;
    if (!std::filesystem::is_directory(folder))
        return inputs;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        std::ifstream file(entry.path(), std::ios::binary);
        inputs.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
    }
    return inputs;
}

void read_messages(message_group group, const std::filesystem::path& folder, reached& into) {
    for (const auto& input : inputs_of(folder))
        if (const auto read = read_message(group, input.data(), input.size()))
            into.insert({read->type, read->version});
}

void read_request(const slice& frame, reached& into) {
    kafka::wire_reader in(frame);
    const auto header = kafka::decode_request_header(in);
    if (!header)
        return;
    const auto& type =
        message_named(message_group::requests, static_cast<std::uint16_t>(header->request_api_key));
    const auto version = header->request_api_version;
    if (type.api_key == header->request_api_key && type.run_round_trip(frame.from(in.position()), version))
        into.insert({&type, version});
}

/// Behind the byte that chooses how it is read, a stream of frames.
reached requests_in(const std::filesystem::path& folder) {
    constexpr std::size_t length_bytes = 4;
    reached found;
    for (const auto& input : inputs_of(folder)) {
        auto rest = slice::copy_of(std::as_bytes(std::span(input)));
        for (rest = rest.from(std::min<std::size_t>(1, rest.size())); rest.size() >= length_bytes;) {
            kafka::wire_reader in(rest);
            const auto length = static_cast<std::uint32_t>(in.int32("length"));
            rest = rest.from(length_bytes);
            if (length > rest.size())
                break;
            read_request(rest.sub(0, length), found);
            rest = rest.from(length);
        }
    }
    return found;
}

class tally {
public:
    void want(const reached& found, const kafka::message_type& type, std::int16_t version,
              std::string_view target) {
        ++wanted_;
        if (found.contains({&type, version}))
            return;
        ++missing_;
        std::printf("never decoded: %s v%d of the target %s\n", std::string(type.name).c_str(), version,
                    std::string(target).c_str());
    }
    int report() const {
        std::printf("%zu of %zu messages and versions are reached\n", wanted_ - missing_, wanted_);
        return missing_ == 0 ? 0 : 1;
    }

private:
    std::size_t wanted_ = 0;
    std::size_t missing_ = 0;
};

int check(const std::filesystem::path& corpus) {
    constexpr std::string_view targets[] = {"request", "response", "message"};
    tally counted;
    reached found;
    for (const auto group : {message_group::requests, message_group::responses, message_group::others})
        read_messages(group, corpus / targets[static_cast<std::size_t>(group)], found);
    for (const auto& type : kafka::message_table())
        for (const auto version : telling_versions(type))
            counted.want(found, type, version, targets[static_cast<std::size_t>(group_of(type.kind))]);
    const auto asked = requests_in(corpus / "connection");
    for (const auto& row : api_table()) {
        const auto& type = message_named(message_group::requests, static_cast<std::uint16_t>(row.key));
        for (const auto version : telling_versions(row.lowest, type.first_flexible_version, row.highest))
            counted.want(asked, type, version, "connection");
    }
    return counted.report();
}

} // namespace
} // namespace barnabas::fuzz

int main(int count, char** arguments) {
    if (count != 2) {
        std::fprintf(stderr, "usage: reach CORPUS\n");
        return 2;
    }
    return barnabas::fuzz::check(arguments[1]);
}
