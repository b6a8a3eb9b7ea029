#pragma once

#include "protocol/batch/record_batch.hpp"
#include "protocol/batch/record_reader.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace barnabas::batch {

/// A record for which its whole batch was refused (KIP-467).
struct refused_record {
    /// Its place in the batch, from 0.
    std::int32_t index = 0;
    /// What is wrong with it, for people; empty behind the first `refused_sentences_max`.
    std::string why;

    friend bool operator==(const refused_record&, const refused_record&) = default;
};

/// No more of a batch are named, and no more have a sentence of their own: somebody may send millions.
inline constexpr std::size_t refused_records_max = 10'000;
inline constexpr std::size_t refused_sentences_max = 100;

/// What is wrong with a record; empty when nothing is.
using record_complaint = std::function<std::string(const record_view&)>;

/// The records of a well-formed batch that have something wrong with them, in order, up to
/// `refused_records_max`. For batches that are refused already: it reads and unpacks them once more. When
/// that fails behind some record, those before it.
std::vector<refused_record> find_refused(const batch_view& batch, const record_complaint& complaint,
                                         codec_workspace* workspace = nullptr);

/// As validate_batch says it with `require_keys`.
std::string complaint_without_key(const record_view& record);

} // namespace barnabas::batch
