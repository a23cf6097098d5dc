#pragma once
#include "base/result.hpp"

#include <compare>
#include <memory>
#include <string>
#include <string_view>

struct evp_md_ctx_st;

namespace hk::oci {

/// A SHA-256 digest: the name of a layer (its diff id) or of an image (the digest of its config).
class Digest {
public:
    Digest() = default;
    /// 64 lower-case hexadecimal digits, with or without "sha256:" in front.
    static Result<Digest> parse(std::string_view text);
    const std::string& hex() const { return hex_; }
    std::string text() const { return "sha256:" + hex_; }
    bool empty() const { return hex_.empty(); }
    friend bool operator==(const Digest&, const Digest&) = default;
    friend auto operator<=>(const Digest&, const Digest&) = default;

private:
    std::string hex_;
};

/// Hashes bytes as they pass by. One thread at a time.
class Sha256 {
public:
    Sha256();
    void update(std::string_view bytes);
    /// The digest of everything so far; the next update starts anew.
    Digest finish();

private:
    struct Free {
        void operator()(evp_md_ctx_st* context) const;
    };
    std::unique_ptr<evp_md_ctx_st, Free> context_;
};

Digest sha256(std::string_view bytes);

} // namespace hk::oci
