#include "proto/task_api.hpp"

#include "proto/body.hpp"
#include "proto/task_describe.hpp"

namespace hk::proto {

const std::string_view SubmitRequest::schema_name = "SubmitRequest";
const std::string_view FailedTarget::schema_name = "FailedTarget";
const std::string_view SubmitReply::schema_name = "SubmitReply";
const std::string_view TaskView::schema_name = "Task";
const std::string_view TaskList::schema_name = "TaskList";
const std::string_view AttemptView::schema_name = "Attempt";
const std::string_view EventView::schema_name = "Event";
const std::string_view TaskHistory::schema_name = "TaskHistory";
const std::string_view LogMark::schema_name = "LogMark";
const std::string_view LogTimes::schema_name = "LogTimes";
const std::string_view NodeVerdict::schema_name = "NodeVerdict";
const std::string_view Explanation::schema_name = "Explanation";
const std::string_view BatchView::schema_name = "Batch";
const std::string_view MessageReply::schema_name = "Message";
const std::string_view TaskSelection::schema_name = "TaskSelection";
const std::string_view SelectionReply::schema_name = "SelectionReply";

Result<SubmitRequest> parse_submit_request(std::string_view body) { return parse_strict<SubmitRequest>(body); }
Result<TaskSelection> parse_task_selection(std::string_view body) { return parse_strict<TaskSelection>(body); }

std::string to_json(const SubmitRequest& request) { return body_of(request); }
std::string to_json(const SubmitReply& reply) { return body_of(reply); }
std::string to_json(const TaskView& task) { return body_of(task); }
std::string to_json(const TaskList& list) { return body_of(list); }
std::string to_json(const TaskHistory& history) { return body_of(history); }
std::string to_json(const LogTimes& times) { return body_of(times); }
std::string to_json(const Explanation& explanation) { return body_of(explanation); }
std::string to_json(const BatchView& batch) { return body_of(batch); }
std::string to_json(const MessageReply& reply) { return body_of(reply); }
std::string to_json(const TaskSelection& selection) { return body_of(selection); }
std::string to_json(const SelectionReply& reply) { return body_of(reply); }

Result<SubmitReply> parse_submit_reply(std::string_view body) { return parse_lenient<SubmitReply>(body); }
Result<TaskView> parse_task_view(std::string_view body) { return parse_lenient<TaskView>(body); }
Result<TaskList> parse_task_list(std::string_view body) { return parse_lenient<TaskList>(body); }
Result<LogTimes> parse_log_times(std::string_view body) { return parse_lenient<LogTimes>(body); }
Result<Explanation> parse_explanation(std::string_view body) { return parse_lenient<Explanation>(body); }
Result<BatchView> parse_batch_view(std::string_view body) { return parse_lenient<BatchView>(body); }
Result<MessageReply> parse_message_reply(std::string_view body) { return parse_lenient<MessageReply>(body); }
Result<SelectionReply> parse_selection_reply(std::string_view body) { return parse_lenient<SelectionReply>(body); }

} // namespace hk::proto
