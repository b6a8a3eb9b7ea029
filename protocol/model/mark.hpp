#pragma once

#include <atomic>
#include <cstdint>
#include <span>
#include <string_view>

/// Marks on rare branches. A mark changes nothing and costs one increment where it stands; the program knows
/// all its marks, also those that never counted, so that a sweep of seeds can say which branches no run has
/// taken, and the test that explains a branch can show that it took it.
///
///   if (!snapshot) {
///       BARNABAS_MARK(snapshot_unreadable);
///       ...
///   if (BARNABAS_MARK_IF(file.empty(), empty_file_removed))
///
/// Names are unique in the program (tests/lint, rule `marks`). Marks stand in .cpp files and not in
/// templates, whose copies would each be a mark of its own.
namespace barnabas {

/// One mark in the code. The production loops may count side by side; nothing is ordered by the counter.
class mark_site {
public:
    constexpr mark_site(const char* name, const char* file, int line) : name(name), file(file), line(line) {}
    void hit() noexcept { hits_.fetch_add(1, std::memory_order_relaxed); }
    std::uint64_t hits() const noexcept { return hits_.load(std::memory_order_relaxed); }

    const char* const name;
    const char* const file;
    const int line;

private:
    std::atomic<std::uint64_t> hits_{0};
};

/// All marks of this program, in the order in which they were linked.
std::span<const mark_site* const> all_marks() noexcept;

/// How often the mark of that name has counted in this process; 0 also when there is none.
std::uint64_t mark_hits(std::string_view name) noexcept;

} // namespace barnabas

/// An expression of type void. The pointer, and not the site, lies in the section: the linker puts pointers
/// side by side without gaps, so that the section is an array.
#define BARNABAS_MARK(name)                                                                                  \
    ([]() noexcept {                                                                                         \
        static constinit ::barnabas::mark_site site(#name, __FILE__, __LINE__);                              \
        [[gnu::used, gnu::section("barnabas_marks")]] static constinit ::barnabas::mark_site* entry = &site; \
        site.hit();                                                                                          \
    }())

/// The condition; counts when it holds.
#define BARNABAS_MARK_IF(condition, name) ((condition) && (BARNABAS_MARK(name), true))
