#pragma once

namespace barnabas {

/// The exit status of a command that would end with `status`: 1 instead of 0 when what it printed could not
/// all be written.
int status_after_output(int status);

} // namespace barnabas
