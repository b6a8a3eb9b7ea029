#pragma once

#include "protocol/model/error.hpp"
#include "runtime/disk/disk.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace barnabas {

/// Most of what this role keeps in small files is a few hundred bytes.
inline constexpr std::uint64_t small_file_bytes_max = 64 * 1024;

/// Job: how long a file is, by its path.
result<std::uint64_t> size_of_file(runtime::file_system& files, const std::string& path);

/// Job: the whole text of a small file, as two reads agree on it. Codes: those of the file system; malformed
/// when it is longer than `bytes_max`.
result<std::string> read_small_file(runtime::file_system& files, const std::string& path,
                                    std::uint64_t bytes_max = small_file_bytes_max);

/// Job: after a power cut the file holds the old text or the new one, never a mixture. Only a planted bug
/// asks for it without `synced`.
result<void> write_small_file(runtime::file_system& files, const std::string& directory,
                              const std::string& name, std::string_view text, bool synced = true);

/// `key<separator>value` per line, blanks around both dropped; lines that begin with '#' are comments.
std::map<std::string, std::string> parse_lines(std::string_view text, char separator);

/// CRC-32C in eight hexadecimal digits.
std::string checksum_of(std::string_view text);
/// The text with a comment as its last line that shows whether anything in it is another than was written.
std::string with_checksum(std::string_view text);
/// Takes that line off. malformed where it does not fit; a text without one is taken as it is.
result<std::string_view> checked_text(std::string_view text);

std::string join_path(const std::string& directory, std::string_view name);
/// "." for a relative name without a slash.
std::string parent_path(const std::string& path);
/// Job: makes a directory, if it is not there, and its missing parents so that a power cut does not take them
/// away again.
result<void> make_durably(runtime::file_system& files, const std::string& path);

} // namespace barnabas
