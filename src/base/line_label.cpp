#include "base/line_label.hpp"

#include <algorithm>

namespace hk {

std::string LineLabel::feed(std::string_view bytes) {
    std::string out;
    while (!bytes.empty()) {
        if (make_label_ && !begun_) label_ = make_label_();
        begun_ = true;
        const auto end = bytes.find('\n');
        const auto piece = bytes.substr(0, std::min(end, max_line - pending_.size()));
        pending_ += piece;
        bytes.remove_prefix(piece.size());
        const bool complete = bytes.starts_with('\n');
        if (complete) bytes.remove_prefix(1);
        if (complete || pending_.size() == max_line) out += labelled_line();
    }
    return out;
}

std::string LineLabel::finish() { return pending_.empty() ? std::string{} : labelled_line(); }

std::string LineLabel::labelled_line() {
    std::string line = label_ + pending_ + '\n';
    pending_.clear();
    begun_ = false;
    return line;
}

} // namespace hk
