#include "actors/connection/handlers.hpp"
#include "protocol/kafka/alter_replica_log_dirs.hpp"
#include "protocol/kafka/error_codes.hpp"

#include <chrono>
#include <map>
#include <memory>
#include <utility>

namespace barnabas {

namespace {

/// The request has no timeout of its own; a directory is made within milliseconds, or its disk hangs.
constexpr std::chrono::milliseconds wait_max{5000};

/// Of a move Kafka says these otherwise than elsewhere.
std::int16_t code_of_move(errc code) {
    switch (code) {
    case errc::not_found: return kafka::wire_value(kafka::error_code::log_dir_not_found);
    case errc::not_leader_or_follower: return kafka::wire_value(kafka::error_code::replica_not_available);
    default: return wire_code(code);
    }
}

class alter_log_dirs final : public operation {
public:
    alter_log_dirs(connection& owner, std::uint64_t number, request_context context,
                   std::vector<wanted_move> moves)
        : operation(owner, number, std::move(context)), moves_(std::move(moves)) {}

    void on_alter_log_dirs_response(const alter_log_dirs_response& answer) override {
        kafka::alter_replica_log_dirs_response response;
        std::map<std::string, std::size_t> places;
        for (std::size_t i = 0; i < moves_.size(); ++i) {
            const auto [place, fresh] = places.try_emplace(moves_[i].topic, response.results.size());
            if (fresh)
                response.results.emplace_back().topic_name = moves_[i].topic;
            auto& one = response.results[place->second].partitions.emplace_back();
            one.partition_index = moves_[i].partition;
            one.error_code = code_of_move(i < answer.codes.size() ? answer.codes[i] : answer.code);
        }
        answer_with(owner(), number(), context(), response);
    }
    void refuse(errc code) {
        alter_log_dirs_response refused;
        refused.code = code;
        on_alter_log_dirs_response(refused);
    }
    void on_timer() override { refuse(errc::request_timed_out); }

private:
    std::vector<wanted_move> moves_;
};

std::vector<wanted_move> moves_of(const kafka::alter_replica_log_dirs_request& request) {
    std::vector<wanted_move> moves;
    for (const auto& directory : request.dirs)
        for (const auto& topic : directory.topics)
            for (const auto partition : topic.partitions)
                moves.push_back({topic.name, partition, directory.path});
    return moves;
}

} // namespace

result<void> handle_alter_replica_log_dirs(connection& self, request_context context,
                                           kafka::wire_reader& body) {
    auto request = decode_body<kafka::alter_replica_log_dirs_request>(body, context);
    if (!request)
        return request.failure();
    const bool allowed = self.allowed(context, acl_operation::alter, resource_type::cluster, "kafka-cluster");
    alter_log_dirs_request asked;
    asked.moves = moves_of(*request);
    auto waiting = std::make_unique<alter_log_dirs>(self, self.current(), context, asked.moves);
    if (!allowed) {
        waiting->refuse(errc::cluster_authorization_failed);
        return {};
    }
    asked.token = self.park(std::move(waiting), wait_max).token();
    self.port().send_broker(std::move(asked));
    return {};
}

} // namespace barnabas
