#pragma once
#include <expected>
#include <string>
#include <utility>
#include <vector>

namespace hk {

/// What kind of failure it was. One table in proto/error_map.hpp turns it into an HTTP status and an exit code.
enum class Errc {
    invalid,     ///< the input is wrong and will stay wrong; `fields` may say where
    not_found,   ///< the thing named does not exist
    conflict,    ///< the thing exists but is in a state that does not allow this
    forbidden,   ///< policy does not allow it
    unavailable, ///< another process or machine did not answer; trying later may help
    no_capacity, ///< valid, but cannot be placed now
    too_large,   ///< over a limit; the message names the limit
    timeout,     ///< a deadline passed
    no_space,    ///< the disk is full
    corrupt,     ///< stored data does not make sense
    unsupported, ///< this machine or engine cannot do it
    io,          ///< an operating system call failed
    internal,    ///< a bug of ours
};

/// One wrong field of a document: where (a JSON pointer such as "/targets/0") and what is wrong with it.
struct FieldError {
    std::string path;
    std::string message;
    friend bool operator==(const FieldError&, const FieldError&) = default;
};

/// A failure as a value. `message` is one sentence for the user: what was wrong and what would be right.
struct Error {
    Errc code = Errc::internal;
    std::string message;
    std::vector<FieldError> fields;
    friend bool operator==(const Error&, const Error&) = default;
};

template <class T = void>
using Result = std::expected<T, Error>;

/// `return fail(Errc::invalid, "...")` from any function that returns a Result.
[[nodiscard]] inline std::unexpected<Error> fail(Errc code, std::string message) {
    return std::unexpected(Error{code, std::move(message), {}});
}
[[nodiscard]] inline std::unexpected<Error> fail(Error error) { return std::unexpected(std::move(error)); }

/// An operating system failure: "WHAT: strerror(ERRNO)". ENOSPC and EDQUOT become no_space.
[[nodiscard]] Error system_error(std::string what, int error_number);

} // namespace hk

#define HK_CONCAT_INNER(a, b) a##b
#define HK_CONCAT(a, b) HK_CONCAT_INNER(a, b)

/// HK_TRY(const auto x, f()): x is the value of f(), or the function returns f()'s error.
// NOLINTBEGIN(bugprone-macro-parentheses): a declaration cannot stand in parentheses
#define HK_TRY(declaration, expression)                                                                                \
    auto HK_CONCAT(hk_try_, __LINE__) = (expression);                                                                  \
    if (!HK_CONCAT(hk_try_, __LINE__)) return std::unexpected(std::move(HK_CONCAT(hk_try_, __LINE__)).error());        \
    declaration = std::move(*HK_CONCAT(hk_try_, __LINE__))
// NOLINTEND(bugprone-macro-parentheses)

/// The same for an expression whose value is not needed.
#define HK_CHECK(expression)                                                                                           \
    if (auto hk_check_ = (expression); !hk_check_) return std::unexpected(std::move(hk_check_).error())
