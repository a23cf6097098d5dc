#pragma once
#include "json/json.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

/// Lenient access to a reply: a missing member, null, or another type reads as empty.
namespace hk::docker {

class Reader {
public:
    explicit Reader(const json::Value* value)
        : value_(value) {}
    Reader at(std::string_view key) const {
        const auto* object = value_ == nullptr ? nullptr : value_->if_object();
        return Reader(object == nullptr ? nullptr : object->if_contains(key));
    }
    std::string text() const {
        const auto* string = value_ == nullptr ? nullptr : value_->if_string();
        return string == nullptr ? std::string() : std::string(*string);
    }
    std::int64_t number() const {
        if (value_ == nullptr) return 0;
        if (const auto* whole = value_->if_int64()) return *whole;
        if (const auto* real = value_->if_double()) return static_cast<std::int64_t>(*real);
        return 0;
    }
    bool flag() const {
        const auto* boolean = value_ == nullptr ? nullptr : value_->if_bool();
        return boolean != nullptr && *boolean;
    }
    /// Present and neither null nor empty.
    bool filled() const {
        if (value_ == nullptr || value_->is_null()) return false;
        if (const auto* object = value_->if_object()) return !object->empty();
        if (const auto* array = value_->if_array()) return !array->empty();
        return true;
    }
    std::vector<Reader> items() const {
        std::vector<Reader> list;
        const auto* array = value_ == nullptr ? nullptr : value_->if_array();
        if (array == nullptr) return list;
        for (const auto& item : *array) list.emplace_back(&item);
        return list;
    }
    std::vector<std::string> texts() const {
        std::vector<std::string> list;
        for (const Reader& item : items()) list.push_back(item.text());
        return list;
    }
    std::map<std::string, std::string> text_map() const {
        std::map<std::string, std::string> map;
        const auto* object = value_ == nullptr ? nullptr : value_->if_object();
        if (object == nullptr) return map;
        for (const auto& entry : *object) map[std::string(entry.key())] = Reader(&entry.value()).text();
        return map;
    }

private:
    const json::Value* value_;
};

} // namespace hk::docker
