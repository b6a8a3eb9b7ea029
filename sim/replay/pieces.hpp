#pragma once

#include "sim/workloads/produce_consume_options.hpp"

#include <cstddef>
#include <span>

namespace barnabas::sim {

/// A list in the options of a run, of which parts can be left out.
struct piece_list {
    /// What it consists of, in the plural.
    const char* name;
    std::size_t (*size)(const produce_consume_options& of);
    void (*erase)(produce_consume_options& of, std::size_t at, std::size_t count);
};

/// All of them; those first that make a run much smaller.
std::span<const piece_list> piece_lists();

/// Without producers that send nothing and topics and partitions that nothing is sent to, where the sends are
/// stated. One topic stays. Numbers in sends are those of what is left.
void drop_idle_producers(produce_consume_options& options);
void drop_idle_topics(produce_consume_options& options);
void drop_idle_partitions(produce_consume_options& options);
/// Without choices that no loop of this run can follow.
void drop_idle_choices(produce_consume_options& options);

} // namespace barnabas::sim
