#include "actors/client/client_connection.hpp"

#include "actors/client/limits.hpp"
#include "protocol/kafka/api_versions.hpp"
#include "protocol/kafka/error_codes.hpp"
#include "protocol/model/assert.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <string_view>
#include <utility>

namespace barnabas::client {

namespace {
/// The first version of ApiVersions with the client's name in it.
constexpr std::int16_t named_api_versions = 3;

std::uint32_t frame_length(std::span<const std::byte> bytes) {
    std::uint32_t length = 0;
    for (std::size_t i = 0; i < 4; ++i)
        length = (length << 8) | static_cast<std::uint32_t>(bytes[i]);
    return length;
}

/// What speaks there instead of a broker, by the four bytes that it began with; empty when that is not known.
std::string_view stranger_by(std::span<const std::byte, 4> begin) {
    constexpr std::byte tls_alert{0x15}, tls_handshake{0x16}, tls_major{3}, tls_minor_max{4};
    const bool is_record = begin[0] == tls_alert || begin[0] == tls_handshake;
    if (is_record && begin[1] == tls_major && begin[2] <= tls_minor_max)
        return "a TLS server answers there, and this client has no TLS yet; name a PLAINTEXT listener of the "
               "broker";
    constexpr std::array http{std::byte{'H'}, std::byte{'T'}, std::byte{'T'}, std::byte{'P'}};
    if (std::equal(http.begin(), http.end(), begin.begin()))
        return "an HTTP server answers there, no broker; name a listener of the broker for clients, which is "
               "mostly at port 9092";
    return {};
}
} // namespace

void client_connection::on_connected(monotonic_ns now) {
    on_disconnected();
    connected_ = true;
    ask_versions(named_api_versions, now);
}

void client_connection::on_disconnected() {
    connected_ = false;
    versions_known_ = false;
    versions_.clear();
    length_bytes_ = 0;
    frame_.reset();
    waiting_.clear();
    writes_.clear();
    answers_.clear();
    broken_.reset();
}

void client_connection::ask_versions(std::int16_t version, monotonic_ns now) {
    kafka::api_versions_request request;
    request.client_software_name = "barnabas";
    request.client_software_version = "0.1.0";
    send(request, version, now);
}

void client_connection::on_bytes(std::span<const std::byte> bytes, monotonic_ns now) {
    if (!connected_ || broken_)
        return;
    while (!broken_ && (frame_ != nullptr || begin_frame(bytes))) {
        const auto some = bytes.first(std::min(bytes.size(), frame_size_ - frame_bytes_));
        if (auto* const place = frame_->data() + frame_bytes_; some.data() != place)
            std::copy(some.begin(), some.end(), place);
        frame_bytes_ += some.size();
        bytes = bytes.subspan(some.size());
        if (frame_bytes_ < frame_size_)
            return;
        const auto whole = std::exchange(frame_, nullptr);
        on_frame(slice(whole, 0, frame_bytes_), now);
    }
}

/// Takes the length from the front; false when it is not whole yet, or makes no sense.
bool client_connection::begin_frame(std::span<const std::byte>& bytes) {
    while (length_bytes_ < length_.size() && !bytes.empty()) {
        length_[length_bytes_++] = bytes.front();
        bytes = bytes.subspan(1);
    }
    if (length_bytes_ < length_.size())
        return false;
    const auto length = frame_length(length_);
    if (length > limits::frame_bytes_max) {
        const auto stranger = versions_known_ ? std::string_view() : stranger_by(length_);
        if (!stranger.empty())
            give_up({errc::invalid_config, std::string(stranger)});
        else
            give_up(
                {errc::malformed, "the broker announced a response of " + std::to_string(length) + " bytes"});
        return false;
    }
    length_bytes_ = 0;
    frame_bytes_ = 0;
    frame_size_ = length;
    frame_ = options_.frames != nullptr ? options_.frames->take(length) : chunk::allocate(length);
    return true;
}

client_connection::wanted_read client_connection::next_read() const {
    const auto missing = frame_ == nullptr ? 0 : frame_size_ - frame_bytes_;
    if (missing < limits::placed_bytes_min)
        return {nullptr, 0, limits::read_bytes_max};
    return {frame_, frame_bytes_, missing};
}

void client_connection::on_frame(const slice& frame, monotonic_ns now) {
    if (waiting_.empty())
        return give_up({errc::malformed, "the broker answered a request that was never sent"});
    const auto request = waiting_.front();
    waiting_.pop_front();
    kafka::wire_reader in(frame);
    const auto header =
        kafka::response_header::decode(in, kafka::response_header_version(request.key, request.version));
    if (!header)
        return give_up(header.failure());
    if (header->correlation_id != request.correlation_id)
        return give_up({errc::malformed, "the broker answered out of order: correlation id " +
                                             std::to_string(header->correlation_id) + " instead of " +
                                             std::to_string(request.correlation_id)});
    answer got{request.number, request.key, request.version, frame.from(in.position())};
    // The first one is the connection's own; a later one was somebody's question.
    if (request.key == kafka::api_key::api_versions && !versions_known_)
        on_api_versions(got, now);
    else
        answers_.push_back(std::move(got));
}

void client_connection::on_api_versions(const answer& versions, monotonic_ns now) {
    auto decoded = versions.decode<kafka::api_versions_response>();
    // A broker that does not know the version answers in v0, whatever was asked.
    if (!decoded || decoded->error_code == kafka::wire_value(kafka::error_code::unsupported_version)) {
        if (versions.version == 0)
            return give_up({errc::unsupported_version, "the broker does not answer ApiVersions"});
        return ask_versions(0, now);
    }
    if (decoded->error_code != 0)
        return give_up({errc::unsupported_version,
                        "ApiVersions failed with error " + std::to_string(decoded->error_code)});
    for (const auto& api : decoded->api_keys)
        versions_[api.api_key] = {api.min_version, api.max_version};
    versions_known_ = true;
}

std::optional<std::int16_t> client_connection::common_version(std::int16_t key, std::int16_t low,
                                                              std::int16_t high) const {
    const auto found = versions_.find(key);
    if (found == versions_.end())
        return std::nullopt;
    const auto best = std::min(high, found->second.second);
    if (best < low || best < found->second.first)
        return std::nullopt;
    return best;
}

void client_connection::write(std::vector<slice> frame) {
    BARNABAS_ASSERT(connected_);
    writes_.insert(writes_.end(), std::make_move_iterator(frame.begin()),
                   std::make_move_iterator(frame.end()));
}

std::uint64_t client_connection::remember(kafka::api_key key, std::int16_t version, monotonic_ns deadline) {
    waiting_.push_back({next_number_, next_correlation_, key, version, deadline});
    next_correlation_ = next_correlation_ == INT32_MAX ? 1 : next_correlation_ + 1;
    return next_number_++;
}

void client_connection::on_timer(monotonic_ns now) {
    const auto due = deadline();
    if (due != monotonic_ns{} && due <= now)
        give_up({errc::request_timed_out, "the broker did not answer in time"});
}

monotonic_ns client_connection::deadline() const {
    monotonic_ns first{};
    if (broken_)
        return first;
    for (const auto& request : waiting_) {
        if (first == monotonic_ns{} || request.deadline < first)
            first = request.deadline;
    }
    return first;
}

void client_connection::give_up(error why) {
    if (!broken_)
        broken_ = std::move(why);
}

} // namespace barnabas::client
