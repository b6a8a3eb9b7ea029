#pragma once

#include "actors/connection/authorized_operations.hpp"
#include "actors/connection/handlers.hpp"
#include "actors/group/group_messages.hpp"

#include <chrono>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace barnabas {

/// A request that waits for the coordinators of one or several groups. Whoever cannot be asked has answered
/// already, with an error.
class group_question : public operation {
public:
    using operation::operation;

    void on_coordinator_response(std::uint32_t index, const group::coordinator_response& answer) override {
        take(index, answer.code, answer.body);
    }

    /// What became of question `index`: `body` means nothing unless `code` is ok. Answers the client when it
    /// was the last one.
    virtual void take(std::uint32_t index, errc code, const group::response_body& body) = 0;
};

/// One group, one question, one answer of type `Body`.
template <class Body>
class single_group_question : public group_question {
public:
    using group_question::group_question;

    void take(std::uint32_t, errc code, const group::response_body& body) override {
        if (code == errc::ok)
            return respond(std::get<Body>(body));
        Body refused;
        refused.code = code;
        respond(refused);
    }
    void on_timer() override {
        Body late;
        late.code = errc::coordinator_not_available;
        respond(late);
    }

protected:
    virtual void respond(const Body& answer) = 0;
};

/// One question per group, each answered by its coordinator; the response has all of them.
class several_groups_question : public group_question {
public:
    using group_question::group_question;

    virtual std::size_t count() const = 0;
    virtual const std::string& name_of(std::uint32_t index) const = 0;

    void take(std::uint32_t index, errc code, const group::response_body& body) override {
        if (!answered_.insert(index).second)
            return;
        settle(index, code, body);
        if (answered_.size() == count())
            respond();
    }
    /// All have been asked. True when the client has its answer already.
    bool asked_all() {
        if (count() == 0)
            respond();
        return answered_.size() == count();
    }
    void on_timer() override {
        for (std::uint32_t index = 0; index < count(); ++index)
            if (answered_.insert(index).second)
                settle(index, errc::coordinator_not_available, {});
        respond();
    }

protected:
    /// The answer about one group; `body` means nothing unless `code` is ok.
    virtual void settle(std::uint32_t index, errc code, const group::response_body& body) = 0;
    virtual void respond() = 0;

private:
    std::set<std::uint32_t> answered_;
};

/// Groups asked for by name: each has an entry of the response, a struct with a `group_id` in the array
/// `entries`, in the order of the request.
template <class Response, auto entries>
class named_groups_question : public several_groups_question {
public:
    named_groups_question(connection& owner, std::uint64_t number, request_context context,
                          std::vector<std::string> names)
        : several_groups_question(owner, number, std::move(context)) {
        for (auto& name : names)
            (response_.*entries).emplace_back().group_id = std::move(name);
    }

    std::size_t count() const override { return (response_.*entries).size(); }
    const std::string& name_of(std::uint32_t index) const override {
        return (response_.*entries)[index].group_id;
    }

protected:
    auto& entry_of(std::uint32_t index) { return (response_.*entries)[index]; }
    std::int32_t operations_on(const std::string& group) {
        return authorized_operations(owner(), context(), resource_type::group, group);
    }
    void respond() override { answer_with(owner(), number(), context(), response_); }

private:
    Response response_;
};

/// As groups know the client.
group::group_client client_of(const connection& self, const request_context& context);

/// Asks about one group on behalf of `waiting`, which answers now if that cannot be. The question's token is
/// set here.
void ask_one(connection& self, std::unique_ptr<group_question> waiting, acl_operation what,
             group::coordinator_request&& question, std::chrono::milliseconds patience);

/// Asks about several groups: question i is about group i of `waiting`.
template <class Question>
result<void> ask_groups(connection& self, std::unique_ptr<several_groups_question> waiting,
                        acl_operation what, std::vector<Question> questions) {
    for (std::uint32_t index = 0; index < waiting->count(); ++index) {
        const std::string& name = waiting->name_of(index);
        if (!self.allowed(waiting->context(), what, resource_type::group, name)) {
            waiting->take(index, errc::group_authorization_failed, {});
            continue;
        }
        const errc asked =
            self.port().ask_coordinator({waiting->token(index), name, std::move(questions[index])});
        if (asked != errc::ok)
            waiting->take(index, asked, {});
    }
    if (waiting->asked_all())
        return {};
    self.park(std::move(waiting), self.request_timeout());
    return {};
}

} // namespace barnabas
