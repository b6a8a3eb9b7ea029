#pragma once

/// The whole client library, as programs outside of this repository include it: <barnabas/client.hpp>.
#include "actors/client/application/cluster_admin.hpp"
#include "actors/client/application/record_consumer.hpp"
#include "actors/client/application/record_producer.hpp"
