#pragma once
#include "net/http.hpp"

#include <expected>
#include <memory>

/// Inside net only: HTTP/1 without sockets. Beast does the parsing, behind this door.
namespace hk::net::detail {

/// Why a message cannot be read, with the status that a server answers.
struct ParseFailure {
    int status = 400;
    std::string message;
};

struct MessageHead {
    std::string method; ///< requests
    std::string target; ///< requests
    int status = 0;     ///< responses
    Headers headers;
    bool http11 = true;
    bool keep_alive = true;
    bool upgrade = false;
    bool has_body = false;
    std::optional<std::uint64_t> content_length;
};

/// Reads one message. Strict where leniency lets two readers see two different messages: a length
/// and a transfer encoding together, two lengths, folded lines and encodings other than "chunked"
/// are refused.
class Parser {
public:
    enum class Kind { request, response, response_to_head };
    Parser(Kind kind, std::size_t header_limit);
    Parser(Parser&&) noexcept;
    Parser& operator=(Parser&&) noexcept;
    ~Parser();

    /// Takes what it can from the front and says how much; stops once behind the head. 0: more
    /// bytes are needed, and those that were given must be given again with more behind them.
    std::expected<std::size_t, ParseFailure> put(std::string_view bytes);
    /// The peer has finished sending. False when that is in the middle of the message.
    bool put_end();
    bool started() const;
    bool head_done() const;
    bool done() const;
    MessageHead& head();
    /// What of the body has come since the last call.
    std::string take_body();
    std::size_t body_size() const; ///< in all so far

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

} // namespace hk::net::detail
