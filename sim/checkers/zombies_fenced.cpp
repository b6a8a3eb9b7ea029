#include "sim/checkers/checkers.hpp"

#include <map>
#include <utility>

namespace barnabas::sim {

namespace {

class zombies_fenced final : public checker {
public:
    using checker::checker;
    const char* name() const override { return "zombies_fenced"; }

    void on_group(const group_event& event) override {
        if (const auto* joined = std::get_if<group_joined>(&event))
            on_joined(*joined);
        else if (const auto* assigned = std::get_if<group_assigned>(&event))
            on_assigned(*assigned);
        else if (const auto* commit = std::get_if<group_commit>(&event))
            on_commit(*commit);
        else if (const auto* result = std::get_if<group_commit_result>(&event))
            on_result(*result);
    }

private:
    void on_joined(const group_joined& told) {
        if (told.instance != 0)
            names_[{told.group, told.instance}] = told.id;
    }
    void on_assigned(const group_assigned& told) {
        auto& newest = newest_[told.group];
        newest = std::max(newest, told.generation);
    }

    /// What it must be refused for was known to somebody when it was sent.
    void on_commit(const group_commit& sent) {
        std::string why;
        if (const auto newest = newest_.find(sent.group);
            newest != newest_.end() && sent.generation < newest->second)
            why = "generation " + std::to_string(newest->second) + " had been assigned";
        const auto name = names_.find({sent.group, sent.instance});
        if (sent.instance != 0 && name != names_.end() && name->second != sent.id)
            why = name->second + " had taken over its name";
        if (!why.empty())
            zombies_[sent.number] = sent.id + " committed in generation " + std::to_string(sent.generation) +
                                    " of group " + std::to_string(sent.group) + ", though " + why;
    }
    void on_result(const group_commit_result& got) {
        const auto zombie = zombies_.extract(got.number);
        if (zombie && got.code == kafka::error_code::none)
            violated(zombie.mapped());
    }

    std::map<std::uint64_t, std::int32_t> newest_;
    std::map<std::pair<std::uint64_t, std::uint64_t>, std::string> names_;
    std::map<std::uint64_t, std::string> zombies_;
};

} // namespace

std::unique_ptr<checker> make_zombies_fenced(const history& of) {
    return std::make_unique<zombies_fenced>(of);
}

} // namespace barnabas::sim
