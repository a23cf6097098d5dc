#include "cli/selector.hpp"

#include <algorithm>
#include <unordered_set>

namespace hk::cli {
namespace {

std::unexpected<Error> wrong(std::string_view word) {
    return fail(Errc::invalid, "\"" + std::string(word.substr(0, 40)) +
                                   "\" names no task; write an id (12), a list (3,5), a range (1-10) or last");
}

Result<TaskId> id_of(std::string_view text, std::string_view word) {
    const auto id = parse_task_id(text);
    if (!id) return wrong(word);
    return *id;
}

Result<> add_range(Selector& into, std::string_view part, std::string_view word) {
    const auto dash = part.find('-');
    HK_TRY(const TaskId first, id_of(part.substr(0, dash), word));
    HK_TRY(const TaskId last, id_of(part.substr(dash + 1), word));
    if (last < first)
        return fail(Errc::invalid, "the range " + std::string(part) + " runs backwards; write " + to_string(last) +
                                       "-" + to_string(first));
    const auto count = static_cast<std::size_t>(last.value - first.value) + 1;
    if (count > most_selected)
        return fail(Errc::too_large, "the range " + std::string(part) + " names " + std::to_string(count) +
                                         " tasks; at most " + std::to_string(most_selected) + " at once");
    for (std::int64_t id = first.value; id <= last.value; ++id) into.ids.emplace_back(id);
    into.range = true;
    return {};
}

Result<> add_part(Selector& into, std::string_view part, std::string_view word) {
    if (part == "last") {
        into.last = true;
        return {};
    }
    if (part.contains('-')) return add_range(into, part, word);
    HK_TRY(const TaskId id, id_of(part, word));
    into.ids.push_back(id);
    return {};
}

void drop_repeated(std::vector<TaskId>& ids) {
    std::unordered_set<TaskId> seen;
    std::erase_if(ids, [&](TaskId id) { return !seen.insert(id).second; });
}

} // namespace

Result<Selector> parse_selector(std::string_view word) {
    Selector selector;
    std::string_view rest = word;
    for (;;) {
        const auto comma = rest.find(',');
        HK_CHECK(add_part(selector, rest.substr(0, comma), word));
        if (comma == rest.npos) break;
        rest.remove_prefix(comma + 1);
    }
    drop_repeated(selector.ids);
    return selector;
}

Result<Selector> parse_selectors(std::span<const std::string> words) {
    Selector all;
    for (const std::string& word : words) {
        HK_TRY(const Selector one, parse_selector(word));
        all.ids.insert(all.ids.end(), one.ids.begin(), one.ids.end());
        all.last = all.last || one.last;
        all.range = all.range || one.range;
        if (all.ids.size() > most_selected) break;
    }
    drop_repeated(all.ids);
    if (all.ids.size() > most_selected)
        return fail(Errc::too_large, "more than " + std::to_string(most_selected) + " tasks at once");
    return all;
}

std::string format_ids(std::vector<TaskId> ids) {
    std::ranges::sort(ids);
    std::string text;
    for (std::size_t i = 0; i < ids.size();) {
        std::size_t end = i + 1;
        while (end < ids.size() && ids[end].value == ids[end - 1].value + 1) ++end;
        if (!text.empty()) text += ", ";
        text += to_string(ids[i]);
        if (end - i > 1) text += (end - i > 2 ? "-" : ", ") + to_string(ids[end - 1]);
        i = end;
    }
    return text;
}

} // namespace hk::cli
