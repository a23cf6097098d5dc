#pragma once
#include <string>
#include <string_view>

namespace hk::host {

/// The OpenAPI 3.1 document of the route table, with the schemas of the structs that parse and write the bodies.
std::string openapi_document(std::string_view version);

} // namespace hk::host
