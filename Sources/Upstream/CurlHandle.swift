// One curl easy handle with the options that every call has: made here, freed here.
internal import CCurl
internal import Glibc

struct CurlHandle: ~Copyable {
    let raw: UnsafeMutableRawPointer
    /// What curl says about a failure, for people.
    private let message = UnsafeMutablePointer<CChar>.allocate(capacity: Int(CURL_ERROR_SIZE))
    private var list: UnsafeMutablePointer<curl_slist>?

    /// nil when memory is short.
    init?() {
        guard let raw = curl_easy_init() else {
            message.deallocate()
            return nil
        }
        self.raw = raw
        message[0] = 0
        edge_curl_set_buffer(raw, CURLOPT_ERRORBUFFER, message)
        edge_curl_set_number(raw, CURLOPT_NOSIGNAL, 1)  // curl's own timeouts would raise SIGALRM
        edge_curl_set_number(raw, CURLOPT_QUICK_EXIT, 1)  // ending a call must not wait for its resolver thread
        edge_curl_set_number(raw, CURLOPT_FOLLOWLOCATION, 0)
        edge_curl_set_text(raw, CURLOPT_PROTOCOLS_STR, "http,https")
        edge_curl_set_number(raw, CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_2TLS))
        edge_curl_set_number(raw, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1)
        edge_curl_set_number(raw, CURLOPT_TCP_KEEPALIVE, 1)  // a wait of minutes for a model must survive NAT
        edge_curl_set_number(raw, CURLOPT_MAXAGE_CONN, Self.idleConnectionSeconds)
        edge_curl_set_number(raw, CURLOPT_BUFFERSIZE, 64 << 10)
        trustCertificates()
    }

    deinit {
        curl_easy_cleanup(raw)
        curl_slist_free_all(list)
        message.deallocate()
    }

    /// An older connection is not used again: many servers close theirs after a minute, and the race is lost at a price.
    private static let idleConnectionSeconds = 30

    /// By `SSL_CERT_FILE` and `SSL_CERT_DIR` as other programs read them, else as libcurl was built.
    private func trustCertificates() {
        if let file = getenv("SSL_CERT_FILE") { edge_curl_set_text(raw, CURLOPT_CAINFO, file) }
        if let folder = getenv("SSL_CERT_DIR") {
            edge_curl_set_text(raw, CURLOPT_CAPATH, folder)
        } else {
            // Only without a folder does curl keep the parsed bundle for later calls.
            edge_curl_set_text(raw, CURLOPT_CAPATH, nil)
        }
    }

    func set(url: UpstreamURL, method: String, connect: Int, userAgent: String) {
        edge_curl_set_text(raw, CURLOPT_URL, url.text)
        edge_curl_set_number(raw, CURLOPT_CONNECTTIMEOUT_MS, connect)  // lets curl share it out among several addresses
        edge_curl_set_text(raw, CURLOPT_USERAGENT, userAgent)
        if method == "HEAD" {
            edge_curl_set_number(raw, CURLOPT_NOBODY, 1)
        } else {
            edge_curl_set_text(raw, CURLOPT_CUSTOMREQUEST, method)
        }
    }

    /// A body that goes out with the head, in one system call. Without a Content-Type of the caller's it has none.
    mutating func set(body: [UInt8], isTyped: Bool) {
        body.withUnsafeBytes { edge_curl_set_body(raw, $0.baseAddress, curl_off_t($0.count)) }
        if !isTyped { list = curl_slist_append(list, "Content-Type:") }
    }

    /// - Parameter length: nil: not known before.
    func setUpload(length: Int?) {
        edge_curl_set_number(raw, CURLOPT_UPLOAD, 1)
        edge_curl_set_size(raw, CURLOPT_INFILESIZE_LARGE, length.map { curl_off_t($0) } ?? -1)
    }

    mutating func set(headers: UpstreamHeaders) {
        for (name, value) in headers {
            list = curl_slist_append(list, value.isEmpty ? "\(name);" : "\(name): \(value)")
        }
        list = curl_slist_append(list, "Expect:")  // no second round trip before a body
        edge_curl_set_list(raw, CURLOPT_HTTPHEADER, list)
    }

    /// curl's own words for a failure.
    func message(for code: CURLcode) -> String {
        message[0] == 0 ? String(cString: curl_easy_strerror(code)) : String(cString: message)
    }
}
