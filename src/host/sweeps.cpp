#include "host/sweeps.hpp"

namespace hk::host {

std::vector<std::string> Sweeps::arguments(const std::shared_ptr<const TaskSpec>& spec, std::int64_t index) {
    if (!spec->sweep) return spec->arguments;
    if (last_ != spec) {
        auto sweep = span::parse_sweep(spec->arguments);
        if (!sweep) return spec->arguments; // cannot happen: it was parsed when it was submitted
        sweep_ = std::move(*sweep);
        last_ = spec;
    }
    return sweep_.at(static_cast<std::uint64_t>(index) % sweep_.size());
}

std::shared_ptr<const TaskSpec> Sweeps::spec_of(const std::shared_ptr<const TaskSpec>& spec, std::int64_t index) {
    TaskSpec own = *spec;
    own.env.emplace("HAKURIVER_TASK_INDEX", std::to_string(index));
    if (spec->sweep) own.arguments = arguments(spec, index);
    return std::make_shared<const TaskSpec>(std::move(own));
}

} // namespace hk::host
