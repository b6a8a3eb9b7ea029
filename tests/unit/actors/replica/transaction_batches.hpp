#pragma once

#include "protocol/batch/builder.hpp"
#include "protocol/batch/record_batch.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

/// What transactional producers and their coordinator write, for tests.
namespace barnabas::replica {

inline batch::batch_view view_of(const batch::batch_builder& builder) {
    auto bytes = builder.build();
    const auto header = batch::parse_header(bytes.bytes());
    return {std::move(bytes), *header};
}

struct transaction_part {
    std::int64_t producer = 0;
    std::int32_t sequence = 0;
    int records = 1;
    std::size_t value_size = 20;
};

inline batch::batch_view make_transaction_part(const transaction_part& part) {
    batch::builder_options options;
    options.transactional = true;
    options.producer_id = producer_id(part.producer);
    options.producer_epoch = producer_epoch(0);
    options.base_sequence = part.sequence;
    batch::batch_builder builder(options);
    for (int i = 0; i < part.records; ++i)
        builder.append_text(timestamp_ms(1000), "key", std::string(part.value_size, 't'));
    return view_of(builder);
}

inline batch::batch_view make_marker(std::int64_t producer, bool commit, std::uint8_t coordinator_epoch = 4,
                                     std::int16_t epoch = 0) {
    batch::builder_options options;
    options.control = options.transactional = true;
    options.producer_id = producer_id(producer);
    options.producer_epoch = producer_epoch(epoch);
    batch::batch_builder builder(options);
    const std::byte key[] = {std::byte{0}, std::byte{0}, std::byte{0}, std::byte(commit ? 1 : 0)};
    std::byte value[6] = {};
    value[5] = std::byte{coordinator_epoch};
    builder.append(timestamp_ms(1000), std::span(key), std::span(value));
    return view_of(builder);
}

} // namespace barnabas::replica
