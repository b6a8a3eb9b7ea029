#pragma once

#include "protocol/batch/record_reader.hpp"

#include <string>

namespace barnabas::replica::dump {

/// A record of Barnabas' own metadata log as one line of JSON: its type, the version of the format, its
/// fields. What cannot be read as one says so in its place, so that one record does not hide the others.
std::string metadata_text_of(const batch::record_view& record);

} // namespace barnabas::replica::dump
