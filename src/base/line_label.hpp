#pragma once
#include <cstddef>
#include <string>
#include <string_view>

namespace hk {

/// Puts a label in front of every line of a stream that arrives in pieces.
class LineLabel {
public:
    /// A longer line is labelled in pieces of this size.
    static constexpr std::size_t max_line = 65'536;

    explicit LineLabel(std::string label)
        : label_(std::move(label)) {}
    /// The complete lines that these bytes end, labelled; the rest waits.
    std::string feed(std::string_view bytes);
    /// What waits, as a line.
    std::string finish();

private:
    std::string labelled_line();

    std::string label_;
    std::string pending_;
};

} // namespace hk
