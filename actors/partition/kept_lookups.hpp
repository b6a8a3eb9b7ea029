#pragma once

#include "actors/replica/replica_log.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <vector>

namespace barnabas {

/// Lookups whose outcome says nothing, since files were exchanged under them, or an index that they need is
/// being made anew. They are made again when that is over, and meanwhile their readers wait.
class kept_lookups {
public:
    struct read {
        replica::read_job job;
        std::uint64_t reply = 0;
        /// Whose index of aborted transactions is made anew; none: files were exchanged.
        std::optional<log_offset> waits_for;
    };
    struct find {
        replica::find_job job;
        std::uint64_t reply = 0;
    };
    /// Whether the index of aborted transactions of this segment is on its way.
    using is_awaited = std::function<bool(log_offset segment)>;

    void keep(read one);
    void keep(find one);
    /// Those that need not wait any more: to be made again. Nothing while files are being exchanged.
    std::vector<read> take_reads(const is_awaited& awaited);
    std::vector<find> take_finds();
    /// A read waits once for an index: one that is wrong again is not waited for.
    bool has_waited_for_index(std::uint64_t reply) const;
    /// Nothing more is to be known of this read.
    void on_answered(std::uint64_t reply);
    bool empty() const { return !kept_; }

private:
    struct lookups {
        std::vector<read> reads;
        std::vector<find> finds;
        /// Replies of reads under way that have waited for an index.
        std::set<std::uint64_t> waited;
    };

    lookups& there();
    void clear_up();

    /// None as long as none is kept: every partition has one of these, and hardly any works.
    std::unique_ptr<lookups> kept_;
};

} // namespace barnabas
