// What Signatures needs of OpenSSL's libcrypto. Each function frees what it made, on every way out.
#pragma once
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/param_build.h>
#include <stddef.h>

static inline EVP_PKEY *edge_key_of(const char *kind, OSSL_PARAM_BLD *build) {
    OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(build);
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, kind, NULL);
    EVP_PKEY *key = NULL;
    if (!params || !context || EVP_PKEY_fromdata_init(context) != 1
        || EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, params) != 1) {
        key = NULL;
    }
    EVP_PKEY_CTX_free(context);
    OSSL_PARAM_free(params);
    return key;
}

// A point of P-256: 4, x, y. NULL when it is not on the curve.
static inline EVP_PKEY *edge_p256_key(const unsigned char *point, size_t count) {
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    EVP_PKEY *key = NULL;
    if (build && OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0) == 1
        && OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, point, count) == 1) {
        key = edge_key_of("EC", build);
    }
    OSSL_PARAM_BLD_free(build);
    ERR_clear_error();
    return key;
}

static inline EVP_PKEY *edge_rsa_key(const unsigned char *n, int n_count, const unsigned char *e, int e_count) {
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    BIGNUM *modulus = BN_bin2bn(n, n_count, NULL);
    BIGNUM *exponent = BN_bin2bn(e, e_count, NULL);
    EVP_PKEY *key = NULL;
    if (build && modulus && exponent && OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, modulus) == 1
        && OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, exponent) == 1) {
        key = edge_key_of("RSA", build);
    }
    OSSL_PARAM_BLD_free(build);
    BN_free(modulus);
    BN_free(exponent);
    ERR_clear_error();
    return key;
}

// 1 when the signature over the SHA-256 of the message is the key's: PKCS#1 v1.5 for RSA, DER for ECDSA.
static inline int edge_verify(
    EVP_PKEY *key, const unsigned char *message, size_t count, const unsigned char *signature, size_t signature_count
) {
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    int is_good = context && EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL, key) == 1
        && EVP_DigestVerify(context, signature, signature_count, message, count) == 1;
    EVP_MD_CTX_free(context);
    ERR_clear_error();
    return is_good;
}

// The same for r and s of 32 bytes each, as JWTs have them.
static inline int edge_verify_p256(
    EVP_PKEY *key, const unsigned char *message, size_t count, const unsigned char *r_and_s
) {
    ECDSA_SIG *pair = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(r_and_s, 32, NULL);
    BIGNUM *s = BN_bin2bn(r_and_s + 32, 32, NULL);
    unsigned char *der = NULL;
    int is_good = 0;
    if (pair && r && s && ECDSA_SIG_set0(pair, r, s) == 1) {
        r = NULL;  // the pair owns them now
        s = NULL;
        int length = i2d_ECDSA_SIG(pair, &der);
        if (length > 0) is_good = edge_verify(key, message, count, der, (size_t)length);
    }
    OPENSSL_free(der);
    BN_free(r);
    BN_free(s);
    ECDSA_SIG_free(pair);
    ERR_clear_error();
    return is_good;
}

// 32 bytes into `out`; 1 when it could be made.
static inline int edge_hmac_sha256(
    const unsigned char *key, int key_count, const unsigned char *message, size_t count, unsigned char *out
) {
    unsigned int length = 0;
    return HMAC(EVP_sha256(), key, key_count, message, count, out, &length) != NULL && length == 32;
}
