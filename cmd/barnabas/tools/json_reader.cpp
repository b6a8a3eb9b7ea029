#include "cmd/barnabas/tools/json_reader.hpp"

#include <charconv>

namespace barnabas::tools {

namespace {

/// What tools read has three levels.
constexpr int depth_most = 32;

class json_parser {
public:
    explicit json_parser(std::string_view text) : text_(text) {}

    result<json_value> whole() {
        auto read = value(0);
        skip_blanks();
        if (read && at_ != text_.size())
            return bad("something follows the value");
        return read;
    }

private:
    error bad(const std::string& why) const {
        return {errc::invalid_request, why + " at byte " + std::to_string(at_)};
    }
    void skip_blanks() {
        while (at_ < text_.size() && std::string_view(" \t\r\n").find(text_[at_]) != std::string_view::npos)
            ++at_;
    }
    bool take(std::string_view wanted) {
        skip_blanks();
        if (!text_.substr(at_).starts_with(wanted))
            return false;
        at_ += wanted.size();
        return true;
    }

    result<json_value> value(int depth) {
        if (depth > depth_most)
            return bad("too many levels");
        if (take("{"))
            return object(depth);
        if (take("["))
            return list(depth);
        if (take("\""))
            return string();
        if (take("true"))
            return json_value(true);
        if (take("false"))
            return json_value(false);
        if (take("null"))
            return json_value();
        return number();
    }

    result<json_value> number() {
        const auto rest = text_.substr(at_);
        const auto size = std::min(rest.find_first_not_of("+-.0123456789eE"), rest.size());
        const auto digits = rest.substr(0, size);
        std::int64_t whole = 0;
        const auto read = std::from_chars(digits.data(), digits.data() + size, whole);
        if (size > 0 && read.ec == std::errc() && read.ptr == digits.data() + size) {
            at_ += size;
            return json_value(whole);
        }
        double real = 0;
        const auto other = std::from_chars(digits.data(), digits.data() + size, real);
        if (size == 0 || other.ec != std::errc() || other.ptr != digits.data() + size)
            return bad("no value is there");
        at_ += size;
        return json_value(real);
    }

    result<json_value> string() {
        std::string made;
        while (at_ < text_.size() && text_[at_] != '"') {
            if (text_[at_] != '\\') {
                made += text_[at_++];
                continue;
            }
            if (auto done = escape(made); !done)
                return done.failure();
        }
        if (at_ == text_.size())
            return bad("a text does not end");
        ++at_;
        return json_value(std::move(made));
    }

    result<void> escape(std::string& made) {
        constexpr std::string_view letters = "\"\\/bfnrt", meant = "\"\\/\b\f\n\r\t";
        const auto letter = at_ + 1 < text_.size() ? letters.find(text_[at_ + 1]) : std::string_view::npos;
        if (letter != std::string_view::npos) {
            made += meant[letter];
            at_ += 2;
            return {};
        }
        constexpr std::size_t size = 6;
        unsigned code = 0;
        const auto digits = text_.substr(at_, size);
        if (digits.size() < size || digits[1] != 'u' ||
            std::from_chars(digits.data() + 2, digits.data() + size, code, 16).ptr != digits.data() + size ||
            code >= 0x80)
            return bad("an escape that is not read here, only those of ASCII are");
        made += static_cast<char>(code);
        at_ += size;
        return {};
    }

    result<json_value> list(int depth) {
        json_value::list_type made;
        if (take("]"))
            return json_value(std::move(made));
        while (true) {
            auto one = value(depth + 1);
            if (!one)
                return one;
            made.push_back(std::move(*one));
            if (take("]"))
                return json_value(std::move(made));
            if (!take(","))
                return bad("expected ',' or ']'");
        }
    }

    result<json_value> object(int depth) {
        json_value::object_type made;
        if (take("}"))
            return json_value(std::move(made));
        while (true) {
            if (!take("\""))
                return bad("expected a name in quotes");
            const auto name = string();
            if (!name)
                return name;
            if (!take(":"))
                return bad("expected ':'");
            auto one = value(depth + 1);
            if (!one)
                return one;
            made.insert_or_assign(*name->text(), std::move(*one));
            if (take("}"))
                return json_value(std::move(made));
            if (!take(","))
                return bad("expected ',' or '}'");
        }
    }

    std::string_view text_;
    std::size_t at_ = 0;
};

} // namespace

result<json_value> parse_json(std::string_view text) {
    return json_parser(text).whole();
}

} // namespace barnabas::tools
