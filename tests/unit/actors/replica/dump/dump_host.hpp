#pragma once

#include "actors/replica/dump/dump.hpp"
#include "tests/unit/actors/replica/memory_files.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace barnabas::replica::dump {

/// Keeps what a dump says.
struct kept_lines final : dump_output {
    std::vector<std::string> lines;
    std::vector<std::string> complaints;

    void line(std::string_view text) override { lines.emplace_back(text); }
    void complaint(std::string_view text) override { complaints.emplace_back(text); }

    friend bool operator==(const kept_lines& a, const kept_lines& b) {
        return a.lines == b.lines && a.complaints == b.complaints;
    }
};

/// A partition's directory in memory with a segment that begins at offset 10, and its dumps.
class dump_host {
public:
    static std::string path(std::string_view suffix) {
        return "/data/orders-0/00000000000000000010" + std::string(suffix);
    }

    void put(std::string_view suffix, const std::vector<slice>& parts) {
        put_at(path(suffix), join(parts).bytes());
    }
    void put_at(const std::string& where, std::span<const std::byte> bytes) { files.put(where, bytes); }

    kept_lines dump(std::string_view suffix, const dump_options& options = {}) {
        return dump_all({path(suffix)}, options);
    }
    kept_lines dump_all(const std::vector<std::string>& paths, const dump_options& options = {}) {
        kept_lines kept;
        failures = dump_files(files, paths, options, kept);
        return kept;
    }

    memory_files files;
    std::uint64_t failures = 0; ///< of the last dump
};

} // namespace barnabas::replica::dump
