#pragma once

#include "actors/group/assignors/assignors.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace barnabas::group {

/// The input of an assignor by numbers: topics and members by their place, partitions of all topics in one
/// row, and members that want the same as one class.
class subscriptions {
public:
    static constexpr std::uint32_t nobody = UINT32_MAX;

    struct member_class {
        /// By their ids.
        std::vector<std::uint32_t> members;
        /// Sorted; only those that exist.
        std::vector<std::uint32_t> topics;
    };
    /// A class that wants a topic, and where the topic stands in `member_class::topics`.
    struct wish {
        std::uint32_t of_class = 0;
        std::uint32_t slot = 0;
    };

    explicit subscriptions(const assignor_input& input);

    const std::vector<member_class>& classes() const noexcept { return classes_; }
    const std::vector<wish>& wishes(std::uint32_t topic) const { return wishes_[topic]; }
    std::uint32_t topics() const noexcept { return static_cast<std::uint32_t>(wishes_.size()); }
    std::uint32_t partitions() const noexcept { return first_.back(); }
    /// Of its first partition in the row of all; `first(topics())` is the end.
    std::uint32_t first(std::uint32_t topic) const { return first_[topic]; }
    std::uint32_t topic_of(std::uint32_t partition) const { return topic_of_[partition]; }

    /// By partition: the member that has it as target and wants its topic; one of them if several do.
    std::vector<std::uint32_t> owners() const;
    /// By member: what `owners` says.
    member_targets targets(const std::vector<std::uint32_t>& owners) const;

private:
    void number_topics();
    void form_classes();
    void keep_target(std::uint32_t member, const std::vector<bool>& wanted,
                     std::vector<std::uint32_t>& owners) const;

    const assignor_input& input_;
    std::vector<std::uint32_t> first_;
    std::vector<std::uint32_t> topic_of_;
    std::vector<member_class> classes_;
    std::vector<std::vector<wish>> wishes_;
};

} // namespace barnabas::group
