#pragma once
#include "base/result.hpp"
#include "span/values.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <variant>
#include <vector>

/// Sweeps: a command whose arguments name sets of values, and stands for every combination of them.
///
///   span:{1..5}  span:{0..100..10}  span:{10..1..-1}  span:{01..12}  span:{a..e}
///   span:{0.1..0.5..0.1}       exact decimals, as many digits as the start or the step has
///   span:[x, y, z]             the items, trimmed; \, \] and \\ stand for themselves
///   span:{x,y,z}               the same, as shells write it
///   span:file:names.txt        one value per non-empty line; reaches to the end of the argument
///   --lr=span:[0.1,0.01]       inside an argument, after anything but a letter, a digit or _
///
/// A literal argument that begins with "span:" is written as a list of one: span:[span:text].
namespace hk::span {

/// Returns the text of the file that span:file: names. The caller decides where files may lie.
using ReadFile = std::function<Result<std::string>(const std::string& path)>;

/// The values of an argument, for a callee that tells numbers from text.
enum class ArgKind { text, integer, real };

/// One argument: texts and sets of values in turn. The last set varies fastest.
struct Argument {
    std::vector<std::variant<std::string, Values>> parts;
    std::uint64_t size = 1;
};

/// A command and its combinations, in the order of a product whose last argument varies fastest.
/// A value: no file, no thread, nothing expanded. One combination costs as much as it has arguments.
class Sweep {
public:
    /// How many combinations there are; at least 1.
    std::uint64_t size() const { return size_; }
    /// Whether any argument holds a span. Without one the only combination is the command itself.
    bool has_spans() const;
    /// The arguments of one combination; index < size().
    std::vector<std::string> at(std::uint64_t index) const;
    /// integer or real where the argument is a single range of numbers, else text.
    ArgKind kind(std::size_t argument) const;
    std::size_t arguments() const { return arguments_.size(); }
    /// Whether this argument holds a span.
    bool varies(std::size_t argument) const;

private:
    friend Result<Sweep> parse_sweep(const std::vector<std::string>& args, const ReadFile& read_file);
    std::vector<Argument> arguments_;
    std::uint64_t size_ = 1;
};

/// Fails with invalid, and a sentence about the argument that is wrong, or with too_large when the
/// number of combinations does not fit into 64 bits. Without `read_file` file spans are refused.
Result<Sweep> parse_sweep(const std::vector<std::string>& args, const ReadFile& read_file = {});

/// Whether any argument holds a span, without judging it: cheap enough for every submission.
bool has_spans(const std::vector<std::string>& args);

/// The same arguments with every span:file: replaced by the list of its lines, so that another
/// machine can expand them.
Result<std::vector<std::string>> inline_files(std::vector<std::string> args, const ReadFile& read_file);

} // namespace hk::span
