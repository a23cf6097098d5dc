#include "json/mapper.hpp"
#include "json/schema.hpp"

#include <doctest/doctest.h>

using namespace hk;

namespace {

struct Wheel {
    int size = 0;
    static constexpr std::string_view schema_name = "Wheel";
};
BOOST_DESCRIBE_STRUCT(Wheel, (), (size))

struct Car {
    std::string name;
    std::vector<Wheel> wheels;
    std::optional<double> weight;
    std::map<std::string, std::string> labels;
    static constexpr std::string_view schema_name = "Car";
};
BOOST_DESCRIBE_STRUCT(Car, (), (name, wheels, weight, labels))

} // namespace

template <>
constexpr auto json::notes_of<Car> = std::to_array<json::Note>({{"name", "What people call it.", true}});

namespace {

Result<Car> car(std::string_view text) {
    HK_TRY(const json::Value value, json::parse(text));
    return json::decode<Car>(value, json::Unknown::refuse);
}

} // namespace

TEST_CASE("a struct survives a round trip") {
    const std::string text = R"({"name":"a","wheels":[{"size":3}],"weight":1.5E0,"labels":{"x":"y"}})";
    const auto made = car(text);
    REQUIRE(made);
    CHECK(json::serialize(json::encode(*made)) == text);
}

TEST_CASE("every mistake is reported with its pointer") {
    const auto made = car(R"({"wheels":[{"size":"3"},{"size":99999999999}],"weight":"x","z/z":1})");
    REQUIRE_FALSE(made);
    const std::vector<FieldError> expected{{"/name", "the field is missing"},
                                           {"/wheels/0/size", "expected a whole number"},
                                           {"/wheels/1/size", "the number is out of range"},
                                           {"/weight", "expected a number"},
                                           {"/z~1z", "unknown field"}};
    CHECK(made.error().fields == expected);
}

TEST_CASE("documents that mean two things are refused") {
    for (const std::string& text : {std::string(R"({"a":1,"a":2})"), std::string("{\"a\":1E425}"), std::string("{} {}"),
                                    std::string(""), std::string("{\"a\":\"\xff\"}"), std::string(10'000, '[')}) {
        CHECK_FALSE(json::parse(text));
    }
}

TEST_CASE("the schema names required fields and nested structs") {
    json::Schemas named;
    const json::Value root = json::schema_of<Car>(named);
    CHECK(json::serialize(root) == R"({"$ref":"#/components/schemas/Car"})");
    CHECK(json::serialize(named.at("Car").at("required")) == R"(["name"])");
    CHECK(named.contains("Wheel"));
}
