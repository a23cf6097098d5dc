#include "oci/digest.hpp"

#include <algorithm>
#include <openssl/evp.h>

namespace hk::oci {

Result<Digest> Digest::parse(std::string_view text) {
    if (text.starts_with("sha256:")) text.remove_prefix(7);
    const bool hex = std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
    if (text.size() != 64 || !hex) return fail(Errc::corrupt, "a SHA-256 digest has 64 hexadecimal digits");
    Digest digest;
    digest.hex_ = text;
    return digest;
}

void Sha256::Free::operator()(evp_md_ctx_st* context) const { EVP_MD_CTX_free(context); }

Sha256::Sha256()
    : context_(EVP_MD_CTX_new()) {
    EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr);
}

void Sha256::update(std::string_view bytes) { EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()); }

Digest Sha256::finish() {
    unsigned char raw[32];
    EVP_DigestFinal_ex(context_.get(), raw, nullptr);
    EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr);
    constexpr char digits[] = "0123456789abcdef";
    std::string hex;
    for (const unsigned char byte : raw) {
        hex.push_back(digits[byte >> 4]);
        hex.push_back(digits[byte & 15]);
    }
    return *Digest::parse(hex);
}

Digest sha256(std::string_view bytes) {
    Sha256 hash;
    hash.update(bytes);
    return hash.finish();
}

} // namespace hk::oci
