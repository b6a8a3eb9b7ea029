#pragma once

#include "actors/controller/metadata_image.hpp"
#include "actors/partition/log_size_messages.hpp"
#include "protocol/model/ids.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace barnabas {

/// A round that asks partitions how large their logs are. The token of a question is `first_token` plus its
/// place in the list; answers to questions of earlier rounds change nothing.
class log_sizes {
public:
    explicit log_sizes(std::size_t partitions_max) : partitions_max_(partitions_max) {}

    /// Whom to ask: what `is_here` of the image's partitions, by the names of topics, up to the bound.
    std::vector<topic_partition> begin(const metadata_image& image,
                                       const std::function<bool(const topic_partition&)>& is_here);
    std::uint64_t first_token() const { return first_token_; }
    void on_size(const log_size_response& size);
    /// Everybody has answered.
    bool complete() const { return open_ == 0; }
    /// What is known, under Kafka's names, in Prometheus' text format.
    std::string text() const;

private:
    struct asked_log {
        std::string labels;
        std::optional<log_size_response> size{};
    };

    std::size_t partitions_max_;
    std::uint64_t first_token_ = 0;
    std::vector<asked_log> asked_;
    std::size_t open_ = 0;
    std::size_t left_out_ = 0;
};

} // namespace barnabas
