#include "runtime/metrics/http.hpp"

#include "protocol/model/assert.hpp"
#include "runtime/metrics/text.hpp"

#include <algorithm>
#include <cctype>

namespace barnabas::runtime {

namespace {

std::string_view reason_of(int status) {
    switch (status) {
    case 200: return "OK";
    case 400: return "Bad Request";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 413: return "Content Too Large";
    case 431: return "Request Header Fields Too Large";
    case 503: return "Service Unavailable";
    case 505: return "HTTP Version Not Supported";
    default: return "Error";
    }
}

slice serialized(const http_response& response, bool with_body = true) {
    std::string text = "HTTP/1.1 " + std::to_string(response.status) + " " +
                       std::string(reason_of(response.status)) +
                       "\r\nContent-Type: " + response.content_type +
                       "\r\nContent-Length: " + std::to_string(response.body.size()) +
                       "\r\nConnection: close\r\nCache-Control: no-store\r\n";
    if (response.status == 405)
        text += "Allow: GET, HEAD\r\n";
    text += "\r\n";
    if (with_body)
        text += response.body;
    return slice::copy_of(text);
}

slice refusal(int status, std::string_view why) {
    return serialized({status, "text/plain; charset=utf-8", std::string(why) + "\n"});
}

bool is_token(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) {
        return std::isalnum(c) != 0 ||
               std::string_view("!#$%&'*+-.^_`|~").find(static_cast<char>(c)) != std::string_view::npos;
    });
}

bool same_ignoring_case(std::string_view a, std::string_view b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

struct request_line {
    std::string_view method;
    std::string_view target;
    std::string_view version;
};

/// "GET /path HTTP/1.1": three words with single blanks between them.
std::optional<request_line> parse_request_line(std::string_view line) {
    const auto first = line.find(' ');
    const auto last = line.rfind(' ');
    if (first == std::string_view::npos || first == last)
        return std::nullopt;
    request_line parsed{line.substr(0, first), line.substr(first + 1, last - first - 1),
                        line.substr(last + 1)};
    if (!is_token(parsed.method) || !parsed.target.starts_with('/') ||
        parsed.target.find(' ') != std::string_view::npos)
        return std::nullopt;
    if (!parsed.version.starts_with("HTTP/"))
        return std::nullopt;
    return parsed;
}

enum class header_verdict { good, broken, has_body };

/// Checks all header lines; `lines` ends with the empty line.
header_verdict check_headers(std::string_view lines) {
    while (!lines.empty()) {
        const auto end = lines.find("\r\n");
        const auto line = lines.substr(0, end);
        lines.remove_prefix(end == std::string_view::npos ? lines.size() : end + 2);
        if (line.empty())
            continue;
        const auto colon = line.find(':');
        if (colon == std::string_view::npos || !is_token(line.substr(0, colon)))
            return header_verdict::broken;
        const auto name = line.substr(0, colon);
        auto value = line.substr(colon + 1);
        while (value.starts_with(' ') || value.starts_with('\t'))
            value.remove_prefix(1);
        if (same_ignoring_case(name, "transfer-encoding"))
            return header_verdict::has_body;
        if (same_ignoring_case(name, "content-length") && value != "0")
            return header_verdict::has_body;
    }
    return header_verdict::good;
}

} // namespace

std::optional<slice> http_exchange::on_bytes(std::span<const std::byte> bytes) {
    if (answered_ || gathers_)
        return std::nullopt;
    // The end of the head may be split over two calls, so the search starts three bytes back.
    const std::size_t searched = head_.size() < 3 ? 0 : head_.size() - 3;
    const std::size_t room = head_bytes_max + 1 - head_.size();
    head_.append(reinterpret_cast<const char*>(bytes.data()), std::min(bytes.size(), room));
    const auto end = head_.find("\r\n\r\n", searched);
    const bool too_long = end == std::string::npos ? head_.size() > head_bytes_max : end + 4 > head_bytes_max;
    if (!too_long && end == std::string::npos)
        return std::nullopt;
    answered_ = true;
    if (too_long)
        return refusal(431, "the request's head is longer than " + std::to_string(head_bytes_max) + " bytes");
    head_.resize(end + 4);
    return respond_to_head();
}

std::optional<slice> http_exchange::respond_to_head() {
    const std::string_view head = head_;
    const auto line_end = head.find("\r\n");
    const auto line = parse_request_line(head.substr(0, line_end));
    if (!line)
        return refusal(400, "the request line is not 'METHOD /path HTTP/1.1'");
    if (line->version != "HTTP/1.1" && line->version != "HTTP/1.0")
        return refusal(505, "only HTTP/1.1 and HTTP/1.0 are served");
    switch (check_headers(head.substr(line_end + 2))) {
    case header_verdict::broken: return refusal(400, "a header line is not 'Name: value'");
    case header_verdict::has_body: return refusal(413, "requests with a body are not served");
    case header_verdict::good: break;
    }
    if (line->method != "GET" && line->method != "HEAD")
        return refusal(405, "only GET and HEAD are served");
    path_ = line->target.substr(0, line->target.find('?'));
    with_body_ = line->method == "GET";
    gathers_ = gathered_ && gathered_(path_);
    answered_ = !gathers_;
    return gathers_ ? std::nullopt : std::optional(serialized(handler_(path_), with_body_));
}

slice http_exchange::answer() {
    BARNABAS_ASSERT(gathers_);
    gathers_ = false;
    answered_ = true;
    return serialized(handler_(path_), with_body_);
}

http_handler node_pages(const metric_registry& registry, std::function<readiness()> ready,
                        std::function<std::string()> more) {
    return [&registry, ready = std::move(ready),
            more = std::move(more)](std::string_view path) -> http_response {
        if (path == metrics_page)
            return {200, prometheus_content_type, prometheus_text(registry) + (more ? more() : "")};
        if (path == "/live")
            return {200, "text/plain; charset=utf-8", "alive\n"};
        // Other names by which containers and operators of Kafka ask the same.
        if (path == "/ready" || path == "/health" || path == "/v1/ready") {
            const auto state = ready();
            return {state.ready ? 200 : 503, "text/plain; charset=utf-8",
                    std::string(state.ready ? "ready" : "not ready") +
                        (state.reason.empty() ? "" : ": " + state.reason) + "\n"};
        }
        return {404, "text/plain; charset=utf-8", "there are /metrics, /ready and /live\n"};
    };
}

} // namespace barnabas::runtime
