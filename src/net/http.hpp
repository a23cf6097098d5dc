#pragma once
#include "base/result.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hk::net {

enum class Method { get, head, post, put, patch, delete_, options, other };
std::string_view to_text(Method method);
/// Method::other for everything that is not in the list. Case matters, as in HTTP.
Method parse_method(std::string_view text);

/// Header fields in their order; names compare without case. At most `max_fields`; `set` and `add`
/// refuse nothing else, since names and values of incoming messages are checked by the parser and
/// outgoing ones when they are written.
class Headers {
public:
    struct Field {
        std::string name;
        std::string value;
    };
    static constexpr std::size_t max_fields = 100;

    Headers() = default;
    Headers(std::initializer_list<Field> fields)
        : fields_(fields) {}

    /// The first value of the name.
    std::optional<std::string_view> get(std::string_view name) const;
    bool has(std::string_view name) const { return get(name).has_value(); }
    std::size_t count(std::string_view name) const;
    /// Whether the comma separated list of all fields of this name has this token:
    /// has_token("connection", "close").
    bool has_token(std::string_view name, std::string_view token) const;
    /// False when it is full.
    bool add(std::string name, std::string value);
    /// Replaces all fields of the name.
    void set(std::string name, std::string value);
    void remove(std::string_view name);
    auto begin() const { return fields_.begin(); }
    auto end() const { return fields_.end(); }
    std::size_t size() const { return fields_.size(); }

private:
    std::vector<Field> fields_;
};
bool equal_ignoring_case(std::string_view a, std::string_view b);

/// Names and values, decoded, in the order in which they came.
using Pairs = std::vector<std::pair<std::string, std::string>>;

/// A request, received or to be sent. Received ones have path, query, params and peer filled in by
/// the server.
struct Request {
    Method method = Method::get;
    std::string method_text;  ///< only where method is other
    std::string target = "/"; ///< as on the wire: "/api/tasks?limit=5"
    Headers headers;
    std::string body;

    std::string path; ///< decoded, starts with '/', "." and ".." segments refused
    Pairs query;      ///< decoded
    Pairs params;     ///< the {names} of the route
    std::string peer; ///< see Stream::peer
    bool peer_is_local = false;

    /// The first value; empty optional when absent.
    std::optional<std::string_view> query_value(std::string_view name) const;
    std::vector<std::string_view> query_values(std::string_view name) const;
    /// A parameter of the route's pattern. Empty when the pattern has no such name, which is a bug.
    std::string_view param(std::string_view name) const;
};

struct Response {
    int status = 200;
    Headers headers;
    std::string body;
};
/// "Not Found". "Unknown" where the number is none of ours.
std::string_view reason_phrase(int status);

Response text_response(int status, std::string body);
/// `body` is JSON already.
Response json_response(int status, std::string body);
Response empty_response(int status = 204);

/// "%41b" -> "Ab". Refuses incomplete and non-hexadecimal escapes and %00. '+' stays '+'.
Result<std::string> percent_decode(std::string_view text);
/// Escapes everything but letters, digits and "-._~".
std::string percent_encode(std::string_view text);
/// "a=1&b=x+y" -> pairs, '+' is a space here. At most 100 pairs.
Result<Pairs> parse_query(std::string_view text);
/// Fills path and query from target: origin form, absolute form ("http://host/path", which also
/// sets Host) and "*".
Result<> split_target(Request& request);

} // namespace hk::net
