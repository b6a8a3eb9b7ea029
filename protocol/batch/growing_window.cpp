#include "protocol/batch/growing_window.hpp"

#include <algorithm>

namespace barnabas::batch {

result<bool> growing_window::fill(std::size_t wanted) {
    if (unread_.size() >= wanted || source_ == nullptr)
        return unread_.size() >= wanted;
    std::copy(unread_.begin(), unread_.end(), window_.begin());
    std::size_t filled = unread_.size();
    while (filled < wanted) {
        if (filled == window_.size())
            window_.resize(std::max(window_bytes_for(packed_bytes_), 2 * window_.size()));
        const auto target = std::span(window_).subspan(filled);
        const auto written = source_->read(target);
        if (!written) {
            // The unread bytes may have moved; after a failure there are none.
            unread_ = {};
            source_.reset();
            return written.failure();
        }
        filled += *written;
        if (*written < target.size())
            break;
    }
    unread_ = std::span(window_).first(filled);
    return unread_.size() >= wanted;
}

} // namespace barnabas::batch
