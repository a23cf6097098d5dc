#pragma once
#include "base/file.hpp"
#include "base/line_label.hpp"
#include "base/result.hpp"
#include "hakurun/child.hpp"
#include "hakurun/options.hpp"

#include <array>
#include <string>
#include <string_view>

namespace hk::hakurun {

/// The output of one running command: ours, a file, or pipes whose lines are labelled.
class Output {
public:
    static Result<Output> inherited();
    static Result<Output> file(const std::string& path);
    static Result<Output> labelled(const std::string& label);

    /// What the child is given. Valid until `started`.
    Streams streams() const;
    /// Closes this process's copies of the child's ends.
    void started();
    /// Descriptors to poll: -1 where there is none.
    std::array<int, 2> readable() const { return {pipes_[0].read_end.get(), pipes_[1].read_end.get()}; }
    /// Passes on what has arrived.
    void drain();
    /// The same, and the unfinished last line.
    void finish();

private:
    struct Pipe {
        Fd read_end;
        int to = 1;
        LineLabel label{""};
    };
    void drain(Pipe& pipe);

    Fd input_, output_, error_;
    std::array<Pipe, 2> pipes_;
};

} // namespace hk::hakurun
