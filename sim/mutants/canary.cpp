#include "sim/mutants/canary.hpp"

#include "protocol/model/assert.hpp"

#include <string>

namespace barnabas::sim {

namespace {

constexpr std::uint64_t seeds_between = 10;

class canary final : public checker {
public:
    canary(const history& of, std::uint64_t seed) : checker(of), seed_(seed) {}
    const char* name() const override { return "canary"; }

    void on_end(const end_facts&) override {
        if (seed_ % seeds_between == 0)
            violated("every tenth seed fails, and this is " + std::to_string(seed_));
    }

private:
    std::uint64_t seed_;
};

class deadly_canary final : public checker {
public:
    deadly_canary(const history& of, std::uint64_t seed) : checker(of), seed_(seed) {}
    const char* name() const override { return "deadly_canary"; }

    void on_healed(virtual_time) override { BARNABAS_ASSERT(seed_ % seeds_between != 0); }

private:
    std::uint64_t seed_;
};

} // namespace

std::unique_ptr<checker> make_canary(const history& of, std::uint64_t seed) {
    return std::make_unique<canary>(of, seed);
}

std::unique_ptr<checker> make_deadly_canary(const history& of, std::uint64_t seed) {
    return std::make_unique<deadly_canary>(of, seed);
}

} // namespace barnabas::sim
