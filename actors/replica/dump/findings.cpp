#include "actors/replica/dump/findings.hpp"

#include <algorithm>

namespace barnabas::replica::dump {
namespace {

std::string title(finding what, const std::string& path) {
    switch (what) {
    case finding::offset_mismatch: return "Mismatches in :" + path;
    case finding::timestamp_mismatch: return "Found timestamp mismatch in :" + path;
    case finding::timestamp_order: return "Found out of order timestamp in :" + path;
    case finding::offset_not_found: return "The following indexed offsets are not found in the log.";
    case finding::offset_gap: return "Non-consecutive offsets in " + path;
    }
    return path;
}

std::string text_of(finding what, std::int64_t first, std::int64_t second) {
    const auto a = std::to_string(first);
    const auto b = std::to_string(second);
    switch (what) {
    case finding::offset_mismatch: return "  Index offset: " + a + ", log offset: " + b;
    case finding::timestamp_mismatch: return "  Index timestamp: " + a + ", log timestamp: " + b;
    case finding::timestamp_order: return "  Index timestamp: " + a + ", Previously indexed timestamp: " + b;
    case finding::offset_not_found: return "Indexed offset: " + a + ", found log offset: " + b;
    case finding::offset_gap: return "  " + a + " is followed by " + b;
    }
    return a;
}

/// Kafka's tool tells these from the end of the file on.
bool newest_first(finding what) {
    return what == finding::offset_mismatch || what == finding::offset_gap;
}

} // namespace

void findings::add(finding what, const std::string& path, std::int64_t first, std::int64_t second) {
    auto& group = groups_[what][path];
    if (pairs_ == pairs_max) {
        ++group.left_out;
        return;
    }
    ++pairs_;
    group.pairs.emplace_back(first, second);
}

void findings::tell(dump_output& output) const {
    for (const auto& [what, files] : groups_) {
        for (const auto& [path, group] : files) {
            output.complaint(title(what, path));
            auto pairs = group.pairs;
            if (newest_first(what))
                std::reverse(pairs.begin(), pairs.end());
            for (const auto& [first, second] : pairs)
                output.complaint(text_of(what, first, second));
            if (group.left_out != 0)
                output.complaint("  ... and " + std::to_string(group.left_out) + " more");
        }
    }
}

} // namespace barnabas::replica::dump
