#pragma once
#include "sched/ledger.hpp"
#include "sched/task.hpp"

#include <cstdint>
#include <map>
#include <set>
#include <string>

namespace hk::sched {

/// What this task needs of a node.
Shape shape_of(const Task& task);

/// The waiting tasks in order, grouped by shape: when the first of a shape does not fit, none of its fellows does, so
/// a pass over 100,000 equal tasks looks at one of them.
///
/// Between users of one priority the order is start-time fair queueing (Goyal, Vin, Cheng 1996) with every task of
/// cost one: a task's turn is one after its user's last, but never before the turn that is being served. So who
/// submits 10,000 tasks does not delay who submits one.
class Queue {
public:
    using Line = std::set<OrderKey>;

    /// The order key of a new task of this user.
    OrderKey next_key(const TaskSpec& spec, TaskId id);
    void add(const Shape& shape, const OrderKey& key);
    void remove(const Shape& shape, const OrderKey& key);
    /// Call with the key of a task that was placed, so that turns move on.
    void served(const OrderKey& key);

    const std::map<Shape, Line>& lines() const { return lines_; }
    std::size_t size() const { return size_; }
    /// How many tasks come before this one.
    std::int64_t ahead_of(const OrderKey& key) const;

private:
    std::map<Shape, Line> lines_;
    std::map<std::string, std::int64_t> last_turn_; ///< by user; forgotten when nobody waits
    std::int64_t turn_served_ = 0;
    std::size_t size_ = 0;
};

} // namespace hk::sched
