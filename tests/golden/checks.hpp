#pragma once

#include <boost/json/fwd.hpp>

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Checks of golden vectors, one per file name: a line is decoded, compared with what it says it means, and
/// encoded again to the same bytes.
namespace barnabas::golden {

/// Nothing when the line holds, else what does not.
using line_check = std::function<std::optional<std::string>(const boost::json::object& line)>;

/// What was found of one file.
struct file_result {
    std::string name;
    std::size_t passed = 0;
    std::size_t failed = 0;
    /// Why its lines are not checked; empty when they are.
    std::string not_checked;
    /// Line number and reason of the first failures.
    std::vector<std::string> failures;
};

/// The check for a file of that name (without `.jsonl` and `.gz`); nothing if there is none.
std::optional<line_check> check_for(std::string_view name);

/// The check of one line; one that it cannot use at all does not hold, either.
std::optional<std::string> check_line(const line_check& check, const boost::json::object& line);

/// The lines of a file of JSON objects, gzipped or not. Nothing when it cannot be read or parsed.
std::optional<std::vector<boost::json::object>> read_lines(const std::string& path);

/// Checks a file of JSON lines, gzipped or not. `name` decides how; a name that nobody knows, and a file
/// without lines, fail, because of them nothing is known.
file_result check_file(const std::string& path, const std::string& name);

/// All `.jsonl` and `.jsonl.gz` files in a folder and below, in order of their names.
std::vector<file_result> check_folder(const std::string& folder);

} // namespace barnabas::golden
