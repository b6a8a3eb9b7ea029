#pragma once

#include "cmd/barnabas/tools/kafka_tool.hpp"
#include "cmd/cli/options.hpp"
#include "protocol/model/error.hpp"

#include <cstdint>
#include <string>
#include <string_view>

/// Releases of Kafka as its tools name them, by levels of metadata.version, and what the features of this
/// cluster are in each (KIP-1022). Shared by `features` and `storage`, which have these actions both.
namespace barnabas::tools {

inline constexpr std::string_view metadata_feature = "metadata.version";

struct kafka_release {
    std::string name; ///< "4.0-IV3"
    std::int16_t level = 0;
};

/// The newest whose tools these are.
kafka_release newest_release();
/// By "4.0-IV3", or by "4.0" or "4.0.1", which mean the last level of 4.0. The error names all.
result<kafka_release> find_release(std::string_view name);
result<kafka_release> find_release(std::int64_t level);
/// The level that the feature has in that release; 0: it is off, or not known here.
std::int16_t level_in(std::string_view feature, const kafka_release& release);

struct feature_level {
    std::string name;
    std::int16_t level = 0;
};
/// From "group.version=1".
result<feature_level> parse_feature_level(std::string_view text);

inline constexpr cli::action version_mapping_action{
    "version-mapping", "Shows the levels of features in a release of Kafka (--release-version)."};
inline constexpr cli::action feature_dependencies_action{
    "feature-dependencies", "Shows what levels of features (--feature) need of other features."};

/// Nothing is asked of a cluster for these.
bool is_about_releases(std::string_view action);
/// Carries out the one of the two actions that was given.
result<said> tell_of_releases(const cli::parsed_options& options);

} // namespace barnabas::tools
