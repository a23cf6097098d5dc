#include "host/sweeps.hpp"

namespace hk::host {

std::vector<std::string> Sweeps::arguments(const std::shared_ptr<const TaskSpec>& spec, std::int64_t position) {
    if (!spec->sweep) return spec->arguments;
    if (last_ != spec) {
        auto sweep = span::parse_sweep(spec->arguments);
        if (!sweep) return spec->arguments; // cannot happen: it was parsed when it was submitted
        sweep_ = std::move(*sweep);
        last_ = spec;
    }
    return sweep_.at(static_cast<std::uint64_t>(index_of(*spec, position)) % sweep_.size());
}

std::shared_ptr<const TaskSpec> Sweeps::spec_of(const std::shared_ptr<const TaskSpec>& spec, std::int64_t position) {
    TaskSpec own = *spec;
    own.env.insert_or_assign("HAKURIVER_TASK_INDEX", std::to_string(index_of(*spec, position)));
    own.indexes.clear(); // a node has no use for those of the other tasks
    if (spec->sweep) own.arguments = arguments(spec, position);
    return std::make_shared<const TaskSpec>(std::move(own));
}

} // namespace hk::host
