// A URL as curl itself reads it, so that what is checked is what is called.
internal import CCurl
internal import EdgeLoop

/// An absolute http or https URL without user, password and fragment.
struct UpstreamURL: Sendable, Equatable {
    let text: String
    let scheme: String
    /// In small letters; an IPv6 address is in brackets.
    let host: String
    let port: String

    /// `https://host`, with the port when it is not the scheme's own.
    let origin: String

    /// The host when it is an address and not a name.
    let address: IPAddress?

    /// - Throws: a sentence about what is wrong with it.
    init(_ text: String) throws(UpstreamURLError) {
        let parts = try CurlURL()
        try parts.set(text)
        try self.init(parts)
    }

    /// Where a `Location` leads from here.
    func resolving(_ location: String) throws(UpstreamURLError) -> UpstreamURL {
        let parts = try CurlURL()
        try parts.set(text)
        try parts.set(location)
        return try UpstreamURL(parts)
    }

    private init(_ parts: borrowing CurlURL) throws(UpstreamURLError) {
        scheme = try parts.get(CURLUPART_SCHEME)
        guard scheme == "http" || scheme == "https" else { throw UpstreamURLError("use http or https, not \(scheme)") }
        host = String(decoding: try parts.get(CURLUPART_HOST).utf8.map(lowercaseByte), as: UTF8.self)
        port = try parts.get(CURLUPART_PORT)
        let isUsual = port == (scheme == "https" ? "443" : "80")
        origin = "\(scheme)://\(host)" + (isUsual ? "" : ":\(port)")
        text = try parts.get(CURLUPART_URL)
        address = IPAddress(host.hasPrefix("[") ? String(host.dropFirst().dropLast().prefix { $0 != "%" }) : host)
    }
}

extension Upstream {
    /// What is wrong with a URL that is to be called; nil: it can be.
    package nonisolated static func mistake(inURL text: String) -> String? {
        do {
            _ = try UpstreamURL(text)
            return nil
        } catch {
            return error.reason
        }
    }
}

struct UpstreamURLError: Error, Equatable {
    let reason: String
    init(_ reason: String) { self.reason = reason }
}

/// curl's URL handle: made here, freed here.
private struct CurlURL: ~Copyable {
    private let raw: OpaquePointer

    init() throws(UpstreamURLError) {
        guard let raw = curl_url() else { throw UpstreamURLError("no memory to read the URL") }
        self.raw = raw
    }

    deinit { curl_url_cleanup(raw) }

    /// A relative URL is resolved against what was set before.
    func set(_ text: String) throws(UpstreamURLError) {
        guard !text.utf8.contains(0) else { throw UpstreamURLError("the URL holds a NUL") }
        let flags = UInt32(CURLU_DISALLOW_USER | CURLU_URLENCODE)
        let code = curl_url_set(raw, CURLUPART_URL, text, flags)
        guard code == CURLUE_OK else { throw UpstreamURLError(Self.reason(code)) }
        curl_url_set(raw, CURLUPART_FRAGMENT, nil, 0)
    }

    func get(_ part: CURLUPart) throws(UpstreamURLError) -> String {
        var text: UnsafeMutablePointer<CChar>?
        let code = curl_url_get(raw, part, &text, part == CURLUPART_PORT ? UInt32(CURLU_DEFAULT_PORT) : 0)
        guard code == CURLUE_OK, let text else { throw UpstreamURLError(Self.reason(code)) }
        defer { curl_free(text) }
        return String(cString: text)
    }

    private static func reason(_ code: CURLUcode) -> String {
        switch code {
        case CURLUE_USER_NOT_ALLOWED: "a URL must not hold a user name or a password; send a header instead"
        case CURLUE_BAD_SCHEME, CURLUE_UNSUPPORTED_SCHEME: "the URL must begin with http:// or https://"
        default: "the URL cannot be used: \(String(cString: curl_url_strerror(code)))"
        }
    }
}
