#pragma once

#include "actors/client/application/properties.hpp"
#include "protocol/model/error.hpp"

/// What tools do with keys that their clients do not know.
namespace barnabas {

enum class client_kind { admin, producer, consumer };

/// The keys without the unknown ones, each of which is told in a line on standard error: as with Kafka's
/// tools, a file of keys may be shared with programs that know more, registries and interceptors among them.
/// Errors: what asks for TLS or SASL, also misspelt, and keys that Kafka's clients obey and these do not.
result<client::properties> without_unknown_keys(client_kind kind, client::properties keys);

} // namespace barnabas
