#include "sim/checkers/taken_directory.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace barnabas::sim {

namespace {

/// The broker looks at its directories once a second; then those who append must hear of it.
constexpr std::int64_t offline_within_ns = 4 * second;

class partitions_go_offline final : public taken_directory_checker {
public:
    using taken_directory_checker::taken_directory_checker;
    const char* name() const override { return taken_directory_goes_offline; }

    void on_taken(const std::string& directory,
                  const std::set<std::pair<std::uint32_t, std::int32_t>>& partitions) override {
        directory_ = directory;
        taken_at_ = now_;
        for (const auto& where : open_)
            if (partitions.contains({where.topic, where.partition}))
                partitions_.insert(where);
    }

    void on_calm(virtual_time since, virtual_time now) override {
        now_ = now;
        calm_since_ = since;
    }

    /// What is opened later moved, or was made again: elsewhere.
    void on_log_opened(const log_opened& event) override {
        partitions_.erase(event.where);
        open_.insert(event.where);
    }

    void on_log_closed(const log_closed& event) override {
        partitions_.erase(event.where);
        open_.erase(event.where);
    }

    void on_append_answered(const append_answered& event) override {
        const auto since = std::max(taken_at_, calm_since_);
        if (event.ok && partitions_.contains(event.where) && now_ - since > offline_within_ns)
            violated("a batch for " + to_string(event.where) + " is acknowledged, though " + directory_ +
                     ", where it lies, has been away for " + std::to_string((now_ - since) / millisecond) +
                     " ms");
    }

    void on_life_ended(std::uint64_t /*life*/) override {
        partitions_.clear();
        open_.clear();
    }

private:
    std::string directory_;
    std::set<place> open_;
    /// Open, and in the directory.
    std::set<place> partitions_;
    virtual_time taken_at_{0};
    virtual_time calm_since_{0};
    virtual_time now_{0};
};

} // namespace

std::unique_ptr<taken_directory_checker> make_taken_directory_goes_offline(const history& of) {
    return std::make_unique<partitions_go_offline>(of);
}

} // namespace barnabas::sim
