#include "actors/connection/group_question.hpp"

namespace barnabas {

group::group_client client_of(const connection& self, const request_context& context) {
    return {context.client_id, self.options().client_host};
}

void ask_one(connection& self, std::unique_ptr<group_question> waiting, acl_operation what,
             group::coordinator_request&& question, std::chrono::milliseconds patience) {
    if (!self.allowed(waiting->context(), what, resource_type::group, question.group))
        return waiting->take(0, errc::group_authorization_failed, {});
    question.token = waiting->token();
    if (const errc asked = self.port().ask_coordinator(std::move(question)); asked != errc::ok)
        return waiting->take(0, asked, {});
    self.park(std::move(waiting), patience);
}

} // namespace barnabas
