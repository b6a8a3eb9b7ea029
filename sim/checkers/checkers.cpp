#include "sim/checkers/checkers.hpp"

namespace barnabas::sim {

void add_all_checkers(history& to, const liveness_limits& limits) {
    to.add(make_nothing_invented(to));
    to.add(make_offsets_contiguous(to));
    to.add(make_producer_order(to));
    to.add(make_high_watermark_never_back(to));
    to.add(make_acked_records_survive(to));
    to.add(make_liveness_after_healing(to, limits));
    to.add(make_no_leak(to));
}

std::vector<std::string> checker_names() {
    history all;
    add_all_checkers(all, {});
    return all.checker_names();
}

} // namespace barnabas::sim
