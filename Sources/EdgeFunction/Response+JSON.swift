// Answers in JSON.

extension HTTPResponse {
    /// An answer with a JSON body.
    public static func json(_ value: JSONValue, status: Int = 200) -> Response {
        Response(status: status, headers: jsonHeaders, body: .bytes(value.encoded()))
    }

    static let jsonHeaders: HTTPHeaders = ["Content-Type": "application/json"]
}
