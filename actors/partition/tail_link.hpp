#pragma once

#include "actors/partition/partition_port.hpp"
#include "protocol/batch/record_batch.hpp"
#include "runtime/memory/tail_cache.hpp"

#include <memory>
#include <span>
#include <utility>

namespace barnabas {

/// The partition's end of the node's tail cache.
class tail_link {
public:
    explicit tail_link(std::shared_ptr<runtime::tail_cache> cache) : cache_(std::move(cache)) {
        if (cache_ != nullptr)
            log_ = cache_->add_log();
    }
    ~tail_link() { drop(); }
    tail_link(const tail_link&) = delete;
    tail_link& operator=(const tail_link&) = delete;

    void keep(std::span<const slice> batches) {
        if (cache_ == nullptr)
            return;
        for (const auto& batch : batches)
            if (const auto header = batch::parse_header(batch.bytes()))
                cache_->put(log_, header->base_offset, header->next_offset(), batch.bytes());
    }
    tail_records read(const read_request& request, log_offset upto) {
        if (cache_ == nullptr)
            return {};
        auto found =
            cache_->read(log_, {request.fetch_offset, upto, request.max_bytes, request.at_least_one_batch});
        return {std::move(found.batches), found.end};
    }
    void drop() {
        if (cache_ != nullptr)
            cache_->drop(log_);
    }

private:
    std::shared_ptr<runtime::tail_cache> cache_;
    runtime::tail_cache::log_key log_{};
};

} // namespace barnabas
