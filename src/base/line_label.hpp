#pragma once
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace hk {

/// Puts a label in front of every line of a stream that arrives in pieces, as the label is when the line begins.
class LineLabel {
public:
    /// A longer line is labelled in pieces of this size.
    static constexpr std::size_t max_line = 65'536;

    explicit LineLabel(std::string label)
        : label_(std::move(label)) {}
    explicit LineLabel(std::function<std::string()> label)
        : make_label_(std::move(label)) {}
    /// The complete lines that these bytes end, labelled; the rest waits.
    std::string feed(std::string_view bytes);
    /// What waits, as a line.
    std::string finish();

private:
    std::string labelled_line();

    std::function<std::string()> make_label_; ///< if it is not the same for all lines
    std::string label_;
    bool begun_ = false; ///< a line that has its label
    std::string pending_;
};

} // namespace hk
