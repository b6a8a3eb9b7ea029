#include "actors/group/assignors/assignors.hpp"
#include "actors/group/assignors/class_balance.hpp"
#include "actors/group/assignors/subscriptions.hpp"
#include "protocol/model/assert.hpp"

#include <algorithm>
#include <utility>

namespace barnabas::group {

namespace {

/// 1. Everybody keeps what it has. 2. `class_balance` says how many partitions of which topic each class of
/// members gets; where it has more, members give up, those with the most first. 3. Inside a class numbers
/// differ by at most one; who has more gives up. 4. What nobody has goes to those with less, in turns.
class uniform_assignment {
public:
    explicit uniform_assignment(const assignor_input& input)
        : of_(input), owners_(of_.owners()), balance_(of_, owners_), held_(input.members.size()),
          quotas_(input.members.size()), next_free_(of_.topics()) {}

    member_targets run() {
        for (std::uint32_t partition = 0; partition < owners_.size(); ++partition)
            if (owners_[partition] != subscriptions::nobody)
                held_[owners_[partition]].push_back(partition);
        const auto classes = static_cast<std::uint32_t>(of_.classes().size());
        for (std::uint32_t number = 0; number < classes; ++number) {
            keep_share(number);
            set_quotas(number);
            keep_quotas(number);
        }
        for (std::uint32_t topic = 0; topic < of_.topics(); ++topic)
            next_free_[topic] = of_.first(topic);
        for (std::uint32_t number = 0; number < classes; ++number)
            fill(number);
        return of_.targets(owners_);
    }

private:
    void keep_share(std::uint32_t number);
    void release(std::uint32_t of_class, std::uint32_t topic, std::uint32_t count);
    void set_quotas(std::uint32_t number);
    void keep_quotas(std::uint32_t number);
    void fill(std::uint32_t number);
    std::uint32_t take_free(std::uint32_t topic);

    const subscriptions of_;
    std::vector<std::uint32_t> owners_;
    const class_balance balance_;
    /// By member; sorted until `fill`.
    std::vector<std::vector<std::uint32_t>> held_;
    std::vector<std::size_t> quotas_;
    /// By topic: from where on to look for a partition that nobody has.
    std::vector<std::uint32_t> next_free_;
};

void uniform_assignment::keep_share(std::uint32_t number) {
    const auto& topics = of_.classes()[number].topics;
    for (std::uint32_t slot = 0; slot < topics.size(); ++slot)
        if (const auto surplus = balance_.surplus(number, slot); surplus > 0)
            release(number, topics[slot], surplus);
}

void uniform_assignment::release(std::uint32_t of_class, std::uint32_t topic, std::uint32_t count) {
    const auto& members = of_.classes()[of_class].members;
    // How many its owner had when it was put here, and the partition. Members only lose, so an entry that
    // says too much goes down again.
    std::vector<std::pair<std::size_t, std::uint32_t>> heap;
    std::vector<std::uint32_t> sorted(members);
    std::sort(sorted.begin(), sorted.end());
    for (auto at = of_.first(topic); at < of_.first(topic + 1); ++at)
        if (std::binary_search(sorted.begin(), sorted.end(), owners_[at]))
            heap.emplace_back(held_[owners_[at]].size(), at);
    BARNABAS_ASSERT(heap.size() >= count);
    std::make_heap(heap.begin(), heap.end());
    while (count > 0) {
        std::pop_heap(heap.begin(), heap.end());
        const auto partition = heap.back().second;
        auto& held = held_[owners_[partition]];
        if (heap.back().first > held.size()) {
            heap.back().first = held.size();
            std::push_heap(heap.begin(), heap.end());
            continue;
        }
        heap.pop_back();
        held.erase(std::lower_bound(held.begin(), held.end(), partition));
        owners_[partition] = subscriptions::nobody;
        --count;
    }
}

/// One more than the others for those that have more, as long as there are such places; then for the first.
void uniform_assignment::set_quotas(std::uint32_t number) {
    const auto& members = of_.classes()[number].members;
    const auto floor = balance_.load(number) / members.size();
    auto larger = balance_.load(number) % members.size();
    for (const auto member : members)
        quotas_[member] = floor;
    for (const bool has_more : {true, false})
        for (const auto member : members)
            if (larger > 0 && quotas_[member] == floor && (held_[member].size() > floor) == has_more) {
                ++quotas_[member];
                --larger;
            }
    BARNABAS_ASSERT(larger == 0);
}

/// What a member gives up is spread over what it has, and begins elsewhere for each: a member that joins is
/// to get something of many topics.
void uniform_assignment::keep_quotas(std::uint32_t number) {
    std::size_t place = 0;
    for (const auto member : of_.classes()[number].members) {
        auto& held = held_[member];
        const auto had = held.size();
        const auto surplus = had - std::min(had, quotas_[member]);
        for (std::size_t i = 0; i < surplus; ++i)
            owners_[held[(place + i * had / surplus) % had]] = subscriptions::nobody;
        if (surplus > 0)
            std::erase_if(held, [&](auto partition) { return owners_[partition] != member; });
        ++place;
    }
}

void uniform_assignment::fill(std::uint32_t number) {
    const auto& of = of_.classes()[number];
    std::vector<std::uint32_t> counts(of_.topics());
    std::vector<std::uint32_t> hungry;
    for (const auto member : of.members) {
        for (const auto partition : held_[member])
            ++counts[of_.topic_of(partition)];
        if (held_[member].size() < quotas_[member])
            hungry.push_back(member);
    }
    std::size_t turn = 0;
    for (std::uint32_t slot = 0; slot < of.topics.size(); ++slot)
        for (auto count = counts[of.topics[slot]]; count < balance_.share(number, slot); ++count) {
            BARNABAS_ASSERT(!hungry.empty());
            turn = turn < hungry.size() ? turn : 0;
            const auto member = hungry[turn];
            const auto partition = take_free(of.topics[slot]);
            owners_[partition] = member;
            held_[member].push_back(partition);
            if (held_[member].size() < quotas_[member])
                ++turn;
            else
                hungry.erase(hungry.begin() + static_cast<std::ptrdiff_t>(turn));
        }
    BARNABAS_ASSERT(hungry.empty());
}

std::uint32_t uniform_assignment::take_free(std::uint32_t topic) {
    auto& at = next_free_[topic];
    while (owners_[at] != subscriptions::nobody)
        ++at;
    BARNABAS_ASSERT(at < of_.first(topic + 1));
    return at;
}

} // namespace

member_targets assign_uniform(const assignor_input& input) {
    return uniform_assignment(input).run();
}

} // namespace barnabas::group
