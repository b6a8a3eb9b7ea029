#pragma once

#include "actors/group/group_names.hpp"
#include "tests/unit/actors/connection/connection_fixture.hpp"

#include <memory>
#include <string>
#include <utility>

namespace barnabas {

/// `__consumer_offsets` with two partitions, of which the other broker leads the second one.
class groups_test : public connection_test {
protected:
    groups_test() {
        auto image = std::make_shared<metadata_image>(*port.metadata);
        auto topic = test::image_with(std::string(group::offsets_topic), 2)->topics.begin()->second;
        topic.id.bytes[15] = 9;
        topic.partitions[1].leader = node_id(2);
        image->topic_names[topic.id] = topic.name;
        image->topics[topic.name] = topic;
        port.metadata = image;
        machine.start();
    }

    /// A name whose coordinator is here, or elsewhere.
    static std::string group_of(int partition) {
        std::string name = "g";
        while (group::partition_of_group(name, 2) != partition_index(partition))
            name += "y";
        return name;
    }
    template <class Body>
    Body asked() {
        EXPECT_FALSE(port.group_questions.empty());
        EXPECT_EQ(port.group_questions.back().first, partition_index(0));
        return std::get<Body>(port.group_questions.back().second.body);
    }
    void answer(group::response_body body, errc code = errc::ok, std::size_t question = SIZE_MAX) {
        const auto& of =
            question == SIZE_MAX ? port.group_questions.back() : port.group_questions.at(question);
        machine.on_coordinator_response({of.second.token, code, std::move(body)});
    }
    template <class Response>
    Response last(std::int16_t version) {
        return response<Response>(port.written.size() - 1, version, version);
    }
    static std::int16_t wire(errc code) { return kafka::wire_value(code); }
};

} // namespace barnabas
