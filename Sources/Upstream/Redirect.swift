// Whether and how an answer that points elsewhere is followed. Pure.

/// The next hop after a redirecting answer.
struct Redirect: Equatable {
    var url: UpstreamURL
    var method: String
    /// Whether the next hop repeats the body.
    var keepsBody: Bool
    var crossesOrigin: Bool

    /// Names of headers that never go to another origin.
    static let credentialHeaders = ["authorization", "apikey", "x-api-key", "cookie", "proxy-authorization"]

    /// nil when the answer is not a redirect and is the caller's to read.
    /// - Throws: the reason when it is a redirect that must not be followed.
    static func after(
        status: Int,
        location: String?,
        method: String,
        from url: UpstreamURL,
        allowing origins: [String]
    ) throws(UpstreamError.Reason) -> Redirect? {
        guard [301, 302, 303, 307, 308].contains(status), let location else { return nil }
        let next: UpstreamURL
        do {
            next = try url.resolving(location)
        } catch {
            throw .redirectRefused("its Location is not usable: \(error.reason)")
        }
        if url.scheme == "https", next.scheme == "http" {
            throw .redirectRefused("it leads from https to http (\(next.origin))")
        }
        let crosses = next.origin != url.origin
        if crosses, !origins.contains(where: { (try? UpstreamURL($0))?.origin == next.origin }) {
            throw .redirectRefused("it leads to \(next.origin), which is not among the origins allowed for this call")
        }
        let becomesGet =
            status == 303 ? method != "HEAD" && method != "GET" : status <= 302 && method == "POST"
        return Redirect(
            url: next,
            method: becomesGet ? "GET" : method,
            keepsBody: !becomesGet,
            crossesOrigin: crosses
        )
    }

    /// The headers for the next hop.
    func headers(from headers: UpstreamHeaders, credentials: [String]) -> UpstreamHeaders {
        var headers = headers
        if !keepsBody { headers.remove { $0.utf8.count >= 8 && isSameName(String($0.prefix(8)), "content-") } }
        if crossesOrigin {
            headers.remove { name in (Self.credentialHeaders + credentials).contains { isSameName($0, name) } }
        }
        return headers
    }
}
