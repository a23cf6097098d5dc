#include "sched/queue.hpp"

#include <algorithm>
#include <iterator>

namespace hk::sched {

Shape shape_of(const Task& task) { return shape_of(task.spec(), task.target, task.batch->id); }

OrderKey Queue::next_key(const TaskSpec& spec, TaskId id) {
    std::int64_t& last = last_turn_[spec.submitted_by];
    last = std::max(last, turn_served_) + 1;
    return {.priority_rank = -spec.priority, .turn = last, .id = id};
}

void Queue::add(const Shape& shape, const OrderKey& key) { size_ += lines_[shape].insert(key).second ? 1 : 0; }

void Queue::remove(const Shape& shape, const OrderKey& key) {
    const auto line = lines_.find(shape);
    if (line == lines_.end()) return;
    size_ -= line->second.erase(key);
    if (line->second.empty()) lines_.erase(line);
    if (size_ == 0) last_turn_.clear();
}

void Queue::served(const OrderKey& key) { turn_served_ = std::max(turn_served_, key.turn); }

std::int64_t Queue::ahead_of(const OrderKey& key) const {
    std::int64_t count = 0;
    for (const auto& [shape, line] : lines_) count += std::distance(line.begin(), line.lower_bound(key));
    return count;
}

} // namespace hk::sched
