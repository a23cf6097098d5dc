#include "json/json.hpp"
#include "json/own_text.hpp"

#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/src.hpp>

#include <cmath>

namespace hk::json {
namespace {

/// Counts the keys that the text has; the parsed value has fewer when one was repeated.
struct KeyCounter {
    static constexpr std::size_t max_object_size = std::size_t(-1);
    static constexpr std::size_t max_array_size = std::size_t(-1);
    static constexpr std::size_t max_key_size = std::size_t(-1);
    static constexpr std::size_t max_string_size = std::size_t(-1);
    using code = boost::system::error_code;
    std::size_t keys = 0;

    bool on_document_begin(code&) { return true; }
    bool on_document_end(code&) { return true; }
    bool on_object_begin(code&) { return true; }
    bool on_object_end(std::size_t, code&) { return true; }
    bool on_array_begin(code&) { return true; }
    bool on_array_end(std::size_t, code&) { return true; }
    bool on_key_part(boost::json::string_view, std::size_t, code&) { return true; }
    bool on_key(boost::json::string_view, std::size_t, code&) { return ++keys > 0; }
    bool on_string_part(boost::json::string_view, std::size_t, code&) { return true; }
    bool on_string(boost::json::string_view, std::size_t, code&) { return true; }
    bool on_number_part(boost::json::string_view, code&) { return true; }
    bool on_int64(std::int64_t, boost::json::string_view, code&) { return true; }
    bool on_uint64(std::uint64_t, boost::json::string_view, code&) { return true; }
    bool on_double(double, boost::json::string_view, code&) { return true; }
    bool on_bool(bool, code&) { return true; }
    bool on_null(code&) { return true; }
    bool on_comment_part(boost::json::string_view, code&) { return true; }
    bool on_comment(boost::json::string_view, code&) { return true; }
};

std::size_t count_keys(std::string_view text) {
    boost::json::parse_options options;
    options.max_depth = max_depth;
    boost::json::basic_parser<KeyCounter> parser(options);
    boost::system::error_code error;
    parser.write_some(false, text.data(), text.size(), error);
    return parser.handler().keys;
}

struct Census {
    std::size_t keys = 0;
    bool finite = true;
    void visit(const Value& value) {
        if (const auto* object = value.if_object()) {
            keys += object->size();
            for (const auto& member : *object) visit(member.value());
        } else if (const auto* array = value.if_array()) {
            for (const auto& element : *array) visit(element);
        } else if (const auto* number = value.if_double()) {
            finite = finite && std::isfinite(*number);
        }
    }
};

void write_pretty(const Value& value, const std::string& indent, std::string& out) {
    const std::string inner = indent + "  ";
    if (const auto* object = value.if_object(); object != nullptr && !object->empty()) {
        std::string_view separator = "{\n";
        for (const auto& member : *object) {
            out += separator;
            out += inner + boost::json::serialize(Value(member.key())) + ": ";
            write_pretty(member.value(), inner, out);
            separator = ",\n";
        }
        out += "\n" + indent + "}";
    } else if (const auto* array = value.if_array(); array != nullptr && !array->empty()) {
        std::string_view separator = "[\n";
        for (const auto& element : *array) {
            out += separator;
            out += inner;
            write_pretty(element, inner, out);
            separator = ",\n";
        }
        out += "\n" + indent + "]";
    } else {
        out += boost::json::serialize(value);
    }
}

} // namespace

Result<Value> parse(std::string_view text) {
    boost::json::parse_options options;
    options.max_depth = max_depth;
    boost::system::error_code error;
    Value value = boost::json::parse(text, error, {}, options);
    if (error) return fail(Errc::invalid, "the text is not valid JSON: " + error.message());
    Census census;
    census.visit(value);
    if (!census.finite) return fail(Errc::invalid, "the JSON text has a number that is too large");
    if (census.keys != count_keys(text)) return fail(Errc::invalid, "the JSON text names a key twice in one object");
    return value;
}

Result<Value> parse_own(std::string_view text) {
    boost::json::parse_options options;
    options.max_depth = max_depth;
    options.allow_invalid_utf8 = true;
    boost::system::error_code error;
    Value value = boost::json::parse(text, error, {}, options);
    if (error) return fail(Errc::corrupt, "the text is not valid JSON: " + error.message());
    return value;
}

std::string serialize(const Value& value) { return boost::json::serialize(value); }

std::string serialize_pretty(const Value& value) {
    std::string out;
    write_pretty(value, "", out);
    return out;
}

} // namespace hk::json
