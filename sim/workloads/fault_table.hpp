#pragma once

#include "sim/cluster/simulated_broker.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>

namespace barnabas::sim {

/// How often which kind of fault met a broker that was doing what: the cells that stay empty over many runs
/// are what the faults do not reach.
class fault_table {
public:
    using cell = std::pair<std::string, broker_moment>;

    void count(std::string_view fault, broker_moment moment) { ++counts_[{std::string(fault), moment}]; }
    std::uint64_t total() const noexcept {
        std::uint64_t sum = 0;
        for (const auto& [where, count] : counts_)
            sum += count;
        return sum;
    }
    const std::map<cell, std::uint64_t>& counts() const noexcept { return counts_; }

private:
    std::map<cell, std::uint64_t> counts_;
};

} // namespace barnabas::sim
