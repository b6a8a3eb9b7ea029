#include "actors/replica/log/aborted_by.hpp"

namespace barnabas::replica {

std::optional<aborted_transaction> aborted_by(const std::optional<ended_transaction>& ended,
                                              const batch::batch_view& marker,
                                              const producer_state& producers) {
    if (!ended || kind_of_marker(marker) != marker_kind::abort)
        return std::nullopt;
    return aborted_transaction{ended->producer, ended->first_offset, ended->marker,
                               producers.first_open_transaction().value_or(ended->marker + 1)};
}

} // namespace barnabas::replica
