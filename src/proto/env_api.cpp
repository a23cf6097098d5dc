#include "proto/env_api.hpp"

#include "proto/body.hpp"
#include "proto/env_describe.hpp"

namespace hk::proto {

const std::string_view ContainerView::schema_name = "Container";
const std::string_view VersionView::schema_name = "EnvironmentVersion";
const std::string_view EnvironmentView::schema_name = "Environment";
const std::string_view EnvironmentList::schema_name = "EnvironmentList";
const std::string_view CreateEnvironment::schema_name = "CreateEnvironment";
const std::string_view OperationProgress::schema_name = "OperationProgress";

Result<CreateEnvironment> parse_create_environment(std::string_view body) {
    return parse_strict<CreateEnvironment>(body);
}
std::string to_json(const CreateEnvironment& request) { return body_of(request); }
std::string to_json(const EnvironmentList& list) { return body_of(list); }
std::string to_json(const OperationProgress& progress) { return body_of(progress); }
Result<EnvironmentList> parse_environment_list(std::string_view body) { return parse_lenient<EnvironmentList>(body); }
Result<OperationProgress> parse_operation_progress(std::string_view body) {
    return parse_lenient<OperationProgress>(body);
}

} // namespace hk::proto
