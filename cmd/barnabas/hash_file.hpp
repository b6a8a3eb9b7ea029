#pragma once

#include "protocol/model/error.hpp"

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>

namespace barnabas {

/// "NAME SEED HASH", a line for each run of a sweep in the order of the runs. A line is there as a whole as
/// soon as it is added, so that a sweep that is killed leaves what its state says is done.
class hash_file {
public:
    /// Goes on behind so many lines: what stands there was not noted as done, and is done again.
    static result<hash_file> open(const std::string& path, std::uint64_t lines_before);

    void add(const std::string& name, std::uint64_t seed, std::uint64_t hash);
    /// A run whose process died has no hash.
    void add_dead(const std::string& name, std::uint64_t seed);

private:
    struct closer {
        void operator()(std::FILE* file) const { std::fclose(file); }
    };
    explicit hash_file(std::FILE* file) : file_(file) {}

    std::unique_ptr<std::FILE, closer> file_;
};

} // namespace barnabas
