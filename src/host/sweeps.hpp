#pragma once
#include "model/task.hpp"
#include "span/sweep.hpp"

#include <memory>
#include <string>
#include <vector>

namespace hk::host {

/// The arguments of one task of a sweep. Remembers the sweep it expanded last, since neighbours ask one after another.
/// Loop thread only.
class Sweeps {
public:
    /// The arguments of the task at this position of its batch; the spec's own when it is no sweep.
    std::vector<std::string> arguments(const std::shared_ptr<const TaskSpec>& spec, std::int64_t position);
    /// The spec as one task of it runs: with its own arguments.
    std::shared_ptr<const TaskSpec> spec_of(const std::shared_ptr<const TaskSpec>& spec, std::int64_t position);

private:
    std::shared_ptr<const TaskSpec> last_;
    span::Sweep sweep_;
};

} // namespace hk::host
