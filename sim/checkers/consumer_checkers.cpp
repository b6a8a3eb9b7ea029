#include "sim/checkers/consumer_checkers.hpp"

namespace barnabas::sim {

std::vector<std::unique_ptr<consumer_checker>> all_consumer_checkers(const history& of) {
    std::vector<std::unique_ptr<consumer_checker>> all;
    all.push_back(make_consumers_skip_nothing(of));
    all.push_back(make_consumers_keep_to_theirs(of));
    all.push_back(make_commits_follow_delivery(of));
    return all;
}

} // namespace barnabas::sim
