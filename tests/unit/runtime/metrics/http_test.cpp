#include "runtime/metrics/http.hpp"

#include <gtest/gtest.h>

namespace barnabas::runtime::http_test {

namespace {

http_response echo(std::string_view path) {
    return {200, "text/plain", "path " + std::string(path)};
}

std::optional<std::string> feed(http_exchange& exchange, std::string_view text) {
    const auto answer = exchange.on_bytes(std::as_bytes(std::span(text.data(), text.size())));
    return answer ? std::optional<std::string>(answer->text()) : std::nullopt;
}

/// The answer to the whole request at once.
std::string answer_to(std::string_view text) {
    http_exchange exchange(echo);
    return feed(exchange, text).value_or("no answer");
}

std::string status_of(std::string_view request) {
    return answer_to(request).substr(0, 12);
}

} // namespace

TEST(http_exchange, answers_get_and_closes) {
    const auto answer = answer_to("GET /metrics?x=1 HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 OK\r\n")) << answer;
    EXPECT_NE(answer.find("Connection: close\r\n"), std::string::npos);
    EXPECT_NE(answer.find("Content-Length: 13\r\n"), std::string::npos);
    EXPECT_TRUE(answer.ends_with("\r\n\r\npath /metrics"));
}

TEST(http_exchange, head_has_the_length_but_no_body) {
    const auto answer = answer_to("HEAD /x HTTP/1.0\r\n\r\n");
    EXPECT_NE(answer.find("Content-Length: 7\r\n"), std::string::npos);
    EXPECT_TRUE(answer.ends_with("\r\n\r\n"));
}

TEST(http_exchange, bytes_may_come_one_by_one) {
    http_exchange exchange(echo);
    const std::string request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    for (std::size_t i = 0; i + 1 < request.size(); ++i)
        ASSERT_FALSE(feed(exchange, request.substr(i, 1))) << i;
    ASSERT_TRUE(feed(exchange, request.substr(request.size() - 1)));
    EXPECT_TRUE(exchange.answered());
    EXPECT_FALSE(feed(exchange, request));
}

TEST(http_exchange, page_that_is_gathered_first_waits_for_its_answer) {
    std::string gathered;
    http_exchange exchange(
        [&](std::string_view) {
            return http_response{200, "text/plain", gathered};
        },
        [](std::string_view path) { return path == "/slow"; });
    EXPECT_FALSE(feed(exchange, "GET /slow?a HTTP/1.1\r\n\r\n"));
    EXPECT_TRUE(exchange.gathers());
    EXPECT_FALSE(exchange.answered());
    EXPECT_FALSE(feed(exchange, "GET /slow HTTP/1.1\r\n\r\n"));
    gathered = "much";
    EXPECT_TRUE(exchange.answer().text().ends_with("\r\n\r\nmuch"));
    EXPECT_TRUE(exchange.answered());
    EXPECT_FALSE(exchange.gathers());
}

TEST(http_exchange, other_pages_do_not_wait) {
    http_exchange exchange(echo, [](std::string_view path) { return path == "/slow"; });
    EXPECT_TRUE(feed(exchange, "GET /quick HTTP/1.1\r\n\r\n"));
    EXPECT_FALSE(exchange.gathers());
}

TEST(http_exchange, other_methods_are_refused) {
    const auto answer = answer_to("POST / HTTP/1.1\r\n\r\n");
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 405 "));
    EXPECT_NE(answer.find("Allow: GET, HEAD\r\n"), std::string::npos);
}

TEST(http_exchange, broken_requests_are_refused) {
    for (const auto* request :
         {"GET\r\n\r\n", "GET / \r\n\r\n", "GET  HTTP/1.1\r\n\r\n", "\r\n\r\n",
          "GET http://x/ HTTP/1.1\r\n\r\n", "G(T / HTTP/1.1\r\n\r\n", "GET /a b HTTP/1.1\r\n\r\n",
          "GET / HTTP/1.1\r\nno colon\r\n\r\n", "GET / HTTP/1.1\r\nbad name: x\r\n\r\n"})
        EXPECT_EQ(status_of(request), "HTTP/1.1 400") << request;
    EXPECT_EQ(status_of("GET / HTTP/2.0\r\n\r\n"), "HTTP/1.1 505");
}

TEST(http_exchange, bodies_are_refused) {
    EXPECT_EQ(status_of("GET / HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello"), "HTTP/1.1 413");
    EXPECT_EQ(status_of("GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"), "HTTP/1.1 413");
    EXPECT_EQ(status_of("GET / HTTP/1.1\r\ncontent-length:0\r\n\r\n"), "HTTP/1.1 200");
}

TEST(http_exchange, long_heads_are_refused_without_being_kept) {
    http_exchange exchange(echo);
    EXPECT_FALSE(feed(exchange, "GET / HTTP/1.1\r\nX: "));
    const auto answer = feed(exchange, std::string(1'000'000, 'x'));
    ASSERT_TRUE(answer);
    EXPECT_TRUE(answer->starts_with("HTTP/1.1 431 "));
}

TEST(node_pages, show_metrics_life_and_readiness) {
    metric_registry registry;
    registry.counter_of("c", "h").add();
    bool ready = false;
    const auto pages = node_pages(registry, [&] { return readiness{ready, "2 logs are not open"}; });
    EXPECT_NE(pages("/metrics").body.find("barnabas_c 1\n"), std::string::npos);
    EXPECT_EQ(pages("/live").status, 200);
    EXPECT_EQ(pages("/ready").status, 503);
    EXPECT_EQ(pages("/ready").body, "not ready: 2 logs are not open\n");
    EXPECT_EQ(pages("/health").status, 503);
    EXPECT_EQ(pages("/v1/ready").status, 503);
    ready = true;
    EXPECT_EQ(pages("/health").body, pages("/ready").body);
    EXPECT_EQ(pages("/v1/ready").status, 200);
    EXPECT_EQ(pages("/ready").status, 200);
    EXPECT_EQ(pages("/other").status, 404);
}

} // namespace barnabas::runtime::http_test
