#pragma once

#include "protocol/model/slice.hpp"
#include "runtime/metrics/registry.hpp"

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace barnabas::runtime {

struct http_response {
    int status = 200;
    std::string content_type = "text/plain; charset=utf-8";
    std::string body;
};
/// Gets the path without its query.
using http_handler = std::function<http_response(std::string_view path)>;

/// One HTTP/1.1 request and its answer, without sockets: bytes in, bytes out, then the caller closes the
/// connection. GET and HEAD only; a request with a body, a broken or an over-long head is refused.
class http_exchange {
public:
    /// A head longer than this is refused (431): nobody needs more to ask for a page of numbers.
    static constexpr std::size_t head_bytes_max = 8 * 1024;

    /// `gathered`: whether what this page shows has to be gathered first. Its request is not answered by
    /// `on_bytes`, but by `answer`.
    explicit http_exchange(http_handler handler, std::function<bool(std::string_view path)> gathered = {})
        : handler_(std::move(handler)), gathered_(std::move(gathered)) {}

    /// The whole response once the request is complete or broken; nothing while more bytes are needed. After
    /// a response, further bytes give nothing.
    std::optional<slice> on_bytes(std::span<const std::byte> bytes);
    bool answered() const noexcept { return answered_; }
    /// The request is there, and the caller is to gather what its page shows, then to call `answer`.
    bool gathers() const noexcept { return gathers_; }
    slice answer();

private:
    std::optional<slice> respond_to_head();

    http_handler handler_;
    std::function<bool(std::string_view path)> gathered_;
    std::string head_;
    /// Of a request that waits for `answer`.
    std::string path_;
    bool with_body_ = true;
    bool gathers_ = false;
    bool answered_ = false;
};

/// Whether the node serves, and why not.
struct readiness {
    bool ready = false;
    /// Why not, or what is amiss nevertheless; empty when all is well.
    std::string reason;
};

inline constexpr std::string_view metrics_page = "/metrics";

/// The pages of a node: /metrics, /ready, /live. `registry` outlives the handler. `more` gives further
/// metrics in the text format.
http_handler node_pages(const metric_registry& registry, std::function<readiness()> ready,
                        std::function<std::string()> more = {});

} // namespace barnabas::runtime
